// A service of which only the look at the schedules is wanted. Argument: the data directory of the one that has the catalog.
// Told how far the time has gone on, it looks, and says so.
import { testClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import path from 'node:path'
import { findCatalogPlace } from '#service/catalog/place.ts'
import { openHouse } from '#service/open-house.ts'
import { scheduleRunner } from '#service/schedules/firing.ts'
import { readSealingKey } from '#service/seal.ts'

const [dataDirectory, start] = [process.argv[2]!, new Date(process.argv[3]!)]
const clock = testClock(start)
const { house } = await openHouse({
  config: { dataDirectory, port: 0, address: '127.0.0.1', isWorker: false, jobsAtOnce: 1 },
  connection: await findCatalogPlace({ dataDirectory }),
  sealingKey: await readSealingKey(path.join(dataDirectory, 'sealing.key')),
  stopping: new AbortController().signal,
  clock,
  random: systemRandom,
  logLevel: 'warn',
})
const look = scheduleRunner(house)
process.on('message', ({ passedMs }: { readonly passedMs: number }) => {
  clock.advance(passedMs)
  void look().then(() => process.send!('looked'))
})
// Its parent was killed: nobody would end it.
process.once('disconnect', () => process.exit(1))
process.send!('ready')
