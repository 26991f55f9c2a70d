// A lone worker that knows the jobs of the tests as well. Argument: the data directory of its service.
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { jobKinds } from '#service/jobs/job-kinds.ts'
import { startLoneWorker } from '#service/lone-worker.ts'
import { stepsKind } from './test-jobs.ts'

const config = { dataDirectory: process.argv[2]!, port: 0, address: '127.0.0.1', isWorker: true, jobsAtOnce: 2, keepsSpare: true }
const instruments = { clock: systemClock, random: systemRandom, logLevel: 'warn', kinds: [...jobKinds, stepsKind] }
const worker = await startLoneWorker(config, instruments)
process.once('SIGTERM', () => void worker[Symbol.asyncDispose]().then(() => process.exit(0)))
process.stdout.write('ready\n')
