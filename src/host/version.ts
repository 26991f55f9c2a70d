import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parse } from '#base/parse.ts'

const packageSchema = z.object({ version: z.string() })
let version: string | undefined

/** The product's version, from its package.json. */
export function productVersion(): string {
  version ??= parse(packageSchema, readFileSync(new URL('../../package.json', import.meta.url), 'utf8'), 'package.json').version
  return version
}
