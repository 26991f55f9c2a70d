import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { readSetting, writeSetting } from '#service/catalog/settings.store.ts'

const setting = 'backups.removal-grace-days'
const defaultGraceDays = 7

/** How long a deleted backup stays before it is removed. */
export async function removalGraceDays(tx: Tx): Promise<number> {
  const value = await readSetting(tx, setting)
  return value === undefined ? defaultGraceDays : parseValue(z.number().min(0).max(3650), value, `the setting ${setting}`)
}

export async function setRemovalGraceDays(tx: Tx, { days, at }: { readonly days: number; readonly at: Date }): Promise<void> {
  await writeSetting(tx, setting, { value: days, at })
}
