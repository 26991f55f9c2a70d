import { Fault } from '#base/fault.ts'
import { allAssertions } from '#engine/sources/postgres/ready-assertions.ts'
import type { Assertion, SystemSettings } from '#base/settings.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import { runAssertion, type AssertionPlace, type AssertionResult } from '#engine/sources/postgres/assertions.ts'
import { sequenceAssertions } from '#engine/sources/postgres/sequence-assertions.ts'
import type { StageWitness } from './stage-witness.ts'

export interface AssertedDatabase {
  readonly place: AssertionPlace
  readonly assertions: readonly Assertion[]
  /** Those of its sequences as well, as they are found there. */
  readonly withSequences?: boolean
  readonly witness: StageWitness
}

/** Runs all of them, so that one that does not hold hides no other. RESTORE_VERIFY names the first that does not. */
export async function assertAll(
  { place, assertions: given, withSequences = false, witness }: AssertedDatabase,
  signal?: AbortSignal,
): Promise<void> {
  const assertions = [...given, ...(withSequences ? await sequenceAssertions(place, signal) : [])]
  if (assertions.length === 0) return
  const results: AssertionResult[] = []
  await witness.timed('assertions', place.name, async () => {
    for (const assertion of assertions) results.push(await runAssertion(place, assertion, signal))
  })
  witness.asserted(results)
  const failed = results.filter(({ outcome }) => outcome !== 'holds')
  const [first] = failed
  if (!first) return
  const more = failed.length > 1 ? `, nor do ${failed.length - 1} more` : ''
  throw new Fault('RESTORE_VERIFY', `the assertion "${first.name}" does not hold in the restored database: ${first.fact}${more}`, {
    assertion: first.name,
    failed: failed.length,
  })
}

/** What is asserted of one database. An assertion that names none is of the only one there is. */
export function assertionsOf(settings: SystemSettings, { databases }: Manifest, name: string): Assertion[] {
  return allAssertions(settings).filter(({ database }) => (database ?? databases[0]?.name) === name)
}

/** INPUT_INVALID when nobody can tell which database an assertion is of. */
export function assertAssigned(settings: SystemSettings, { databases }: Manifest): void {
  if (databases.length < 2) return
  const homeless = allAssertions(settings).find(({ database }) => database === undefined)
  if (!homeless) return
  throw new Fault('INPUT_INVALID', `the assertion "${homeless.name}" names none of the ${databases.length} databases of the backup`, {
    field: 'assertions',
    assertion: homeless.name,
  })
}
