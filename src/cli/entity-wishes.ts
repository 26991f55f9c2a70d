import { isUtf8 } from 'node:buffer'
import { buffer } from 'node:stream/consumers'
import { Fault } from '#base/fault.ts'
import type { EntityWish } from '#engine/entities/closure.ts'

/**
 * What `--entity` says; `-` stands for lines of standard input: keys of patients do not belong into a list of processes, which
 * every user of the machine may read. USAGE, and ENTITY_KEY for bytes that are no UTF-8: another key would be looked for.
 */
export async function wishesOf(given: readonly string[]): Promise<EntityWish[]> {
  const fromInput = given.includes('-') ? await linesOfInput() : []
  return [...given.filter((one) => one !== '-'), ...fromInput].map((one) => {
    const at = one.indexOf('=')
    if (at < 1 || at === one.length - 1) throw new Fault('USAGE', 'an entity is written KIND=KEY, such as study=ABC-123')
    return { kind: one.slice(0, at), key: one.slice(at + 1) }
  })
}

async function linesOfInput(): Promise<string[]> {
  const bytes = await buffer(process.stdin)
  if (!isUtf8(bytes)) throw new Fault('ENTITY_KEY', 'standard input is not UTF-8')
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
}
