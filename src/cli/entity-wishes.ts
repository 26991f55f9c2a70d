import { text } from 'node:stream/consumers'
import { Fault } from '#base/fault.ts'
import type { EntityWish } from '#engine/entities/closure.ts'

/** Keys of patients do not belong into a list of processes, which every user of the machine may read. */
export async function wishesOf(given: readonly string[]): Promise<EntityWish[]> {
  const fromInput = given.includes('-') ? (await text(process.stdin)).split('\n').filter((line) => line !== '') : []
  return [...given.filter((one) => one !== '-'), ...fromInput].map((one) => {
    const at = one.indexOf('=')
    if (at < 1 || at === one.length - 1) throw new Fault('USAGE', 'an entity is written KIND=KEY, such as study=ABC-123')
    return { kind: one.slice(0, at), key: one.slice(at + 1) }
  })
}
