import { mkdtemp, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { lockFile } from '#host/libc.ts'
import type { DatabasePassword } from './job-kind.ts'

const prefix = 'integrum-job-'
const fileName = 'passwords'

/** A password file of libpq for one child, in a directory that nobody else may enter. Gone with its scope. */
export interface PasswordFile extends AsyncDisposable {
  readonly file: string
}

export async function writePasswords(passwords: readonly DatabasePassword[]): Promise<PasswordFile> {
  const text = passwords.map(lineOf).join('')
  const directory = await mkdtemp(path.join(tmpdir(), prefix))
  const file = path.join(directory, fileName)
  const handle = await open(file, 'wx', 0o600)
  try {
    // Held as long as we live: what a killed worker has left is known by nobody holding it.
    lockFile(handle.fd)
    await handle.writeFile(text)
  } catch (error) {
    await remove(handle, directory)
    throw error
  }
  return { file, [Symbol.asyncDispose]: () => remove(handle, directory) }
}

async function remove(handle: FileHandle, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await handle.close()
}

/** Takes away the password files of workers that were killed together with their children. */
export async function removeLeftPasswords(clock: Clock): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (name.startsWith(prefix)) await removeIfLeft(path.join(tmpdir(), name), clock.now())
  }
}

async function removeIfLeft(directory: string, now: Date): Promise<void> {
  try {
    const { uid, mtimeMs } = await stat(directory)
    // A new one may not be held yet.
    if (uid !== process.getuid?.() || now.getTime() - mtimeMs < durations.minute) return
    await using handle = await open(path.join(directory, fileName), 'r')
    if (lockFile(handle.fd)) await rm(directory, { recursive: true, force: true })
  } catch (error) {
    // Another worker was quicker.
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

/** libpq "The Password File": `\` and `:` are escaped in each field. */
function lineOf({ host, port, database, user, password }: DatabasePassword): string {
  const fields = [host, String(port), database, user, password]
  if (fields.some((field) => /[\r\n]/.test(field)))
    throw new Fault(
      'DATABASE_AUTHENTICATION',
      `the password of ${user} for database ${database} has a line end, which no password file takes`,
    )
  return `${fields.map((field) => field.replaceAll(/[\\:]/g, String.raw`\$&`)).join(':')}\n`
}
