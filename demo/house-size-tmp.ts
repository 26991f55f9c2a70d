import { testCluster } from '#test/support/postgres.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { changeClinic } from '#demo/clinic/change-clinic.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
const scale = Number(process.argv[2])
await using cluster = await testCluster()
await using place = await temporaryDirectory()
await cluster.createDatabase('c')
let t = performance.now()
console.log(await makeClinic({ target: cluster.url('c'), filesRoot: place.path, scale, seed: 1 }), performance.now() - t, process.memoryUsage.rss() / 1e6)
{ await using c = await connect(cluster.target('c'))
console.log(await c.query(`select pg_database_size('c')/1048576.0 as mib, pg_total_relation_size('clinic.observation')/1048576.0 obs`)) 
console.log(await c.query(`select relname, pg_total_relation_size(oid)/1024 as kib, pg_relation_size(oid)/1024 heap from pg_class where relnamespace='clinic'::regnamespace and relkind in ('r','m') order by 2 desc`)) }
t = performance.now()
console.log(await changeClinic({ target: cluster.url('c'), filesRoot: place.path, seed: 1 }), performance.now() - t)
