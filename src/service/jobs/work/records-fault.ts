import { Fault, isFault } from '#base/fault.ts'

/**
 * What the engine says of a failure to whoever sits before it names the first key of the rows; a job's fault is read by everybody
 * who may look at jobs, and told in notices. Then table and number are all that is said.
 */
export function withoutKeys(error: unknown): unknown {
  if (!isFault(error)) return error
  const { table, rows } = error.facts
  // Of a file, whose name may name somebody.
  if (error.code === 'PLAN_STALE' && Object.keys(error.facts).length === 0)
    return new Fault('PLAN_STALE', 'something stands at the place of a file since the plan was made', {}, { cause: error })
  if (typeof table !== 'string' || typeof rows !== 'number') return error
  const { [error.code]: words = 'are not as they have to be' } = wordsOf
  return new Fault(error.code, `${rows} rows of ${table} ${words}`, { table, rows }, { cause: error })
}

const wordsOf: Readonly<Record<string, string>> = {
  PLAN_STALE: 'were written after the plan was made',
  ENTITY_UNDO_CONFLICT: 'were written after the restore',
  ENTITY_WRITE: 'did not come out as recorded: a trigger or a rule changed them',
  ENTITY_POLICY: 'need a choice',
}
