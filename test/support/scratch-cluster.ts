import { testCluster } from './postgres.ts'
const cluster = await testCluster()
console.log(cluster.socketDirectory)
await new Promise((resolve) => process.once('SIGTERM', resolve))
await cluster.stop()
