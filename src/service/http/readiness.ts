import { Fault, isFault } from '#base/fault.ts'
import { durations, printDuration } from '#base/units.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { assertSealingFits } from '#service/seal-check.store.ts'
import { assertCatalogAnswers, waitingJobs } from './service.store.ts'

/** A job that nobody takes for so long, while nobody is at work either, has no worker. */
const takenWithinMs = 5 * durations.minute

interface Part {
  readonly name: string
  readonly assert: (house: House) => Promise<void>
}

/** THE LIST, in the order in which one needs the other: what must be there before the service is of use. */
const parts: readonly Part[] = [
  { name: 'catalog', assert: ({ catalog }) => catalog.as(everything, assertCatalogAnswers) },
  { name: 'sealing key', assert: ({ catalog, sealing, clock }) => assertSealingFits(catalog, sealing, clock.now()) },
  { name: 'worker', assert: assertJobsAreTaken },
]

/** The names of what is ready. NOT_READY names the first part that is not, and why, without secrets. */
export async function readyParts(house: House): Promise<string[]> {
  for (const { name, assert } of parts) {
    try {
      await assert(house)
    } catch (error) {
      if (!isFault(error)) throw error
      throw new Fault('NOT_READY', `${name}: ${error.message}`, { part: name, cause: error.code }, { cause: error })
    }
  }
  return parts.map(({ name }) => name)
}

async function assertJobsAreTaken({ catalog, clock }: House): Promise<void> {
  const { atWork, oldest } = await catalog.as(everything, waitingJobs)
  if (atWork > 0 || oldest === null) return
  const waitedMs = clock.now().getTime() - oldest.getTime()
  if (waitedMs > takenWithinMs)
    throw new Fault('WORKER_ABSENT', `nobody takes jobs: the oldest has waited for ${printDuration(waitedMs)}`, { waitedMs })
}
