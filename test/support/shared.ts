import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder with the cases and the independent judges, beside the project. */
export function sharedFolder(): string {
  const folder = path.resolve(fileURLToPath(import.meta.url), '../../../../shared')
  if (!existsSync(path.join(folder, 'cases')))
    throw new Error(`the shared folder with cases and tools is missing beside the project: ${folder}`)
  return folder
}
