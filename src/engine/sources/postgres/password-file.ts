import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { Fault, errnoOf, isFault } from '#base/fault.ts'
import { environment } from '#host/environment.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * The password for a target as libpq finds it ("Environment Variables", "The Password File"): PGPASSWORD, else the first
 * line of PGPASSFILE, or of ~/.pgpass, that fits. Undefined when there is none; many servers need none.
 */
export async function passwordFor(target: DatabaseTarget): Promise<string | undefined> {
  const { PGPASSWORD, PGPASSFILE } = environment(['PGPASSWORD', 'PGPASSFILE'])
  if (PGPASSWORD !== undefined && PGPASSWORD !== '') return PGPASSWORD
  const text = PGPASSFILE === undefined ? await readOwnFile() : await readPasswordFile(PGPASSFILE)
  return text === undefined ? undefined : findPassword(text, target)
}

/** As libpq: one that others may read does not count. Nobody named it, so that is no failure. */
async function readOwnFile(): Promise<string | undefined> {
  try {
    return await readPasswordFile(path.join(homedir(), '.pgpass'))
  } catch (error) {
    if (isFault(error, 'DATABASE_AUTHENTICATION')) return undefined
    throw error
  }
}

/** A file that was named and that others may read is refused, where libpq would pass over it with a warning. */
async function readPasswordFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0) {
      throw new Fault('DATABASE_AUTHENTICATION', `the password file ${file} may be read by others; make it mode 0600`, { file })
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Lines of `host:port:database:user:password`; `*` fits everything, `\:` and `\\` stand for themselves. */
export function findPassword(text: string, { host, port, database, user }: DatabaseTarget): string | undefined {
  // A socket in any directory but the default one goes by its directory, too.
  const hosts = host.startsWith('/') ? ['localhost', host] : [host]
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = splitLine(line)
    if (fields.length < 5) continue
    const [lineHost, linePort, lineDatabase, lineUser] = fields
    const fits = (field: string | undefined, wanted: readonly string[]) => field === '*' || wanted.includes(field ?? '')
    if (fits(lineHost, hosts) && fits(linePort, [String(port)]) && fits(lineDatabase, [database]) && fits(lineUser, [user])) {
      return fields.slice(4).join(':')
    }
  }
  return undefined
}

function splitLine(line: string): string[] {
  const fields = ['']
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]!
    if (character === '\\' && at + 1 < line.length) {
      at += 1
      fields[fields.length - 1] += line[at]!
    } else if (character === ':') fields.push('')
    else fields[fields.length - 1] += character
  }
  return fields
}
