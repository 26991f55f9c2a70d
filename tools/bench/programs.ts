import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Job } from './measure.ts'

const projectFolder = path.resolve(import.meta.dirname, '../..')
const password = createHash('sha256').update('a password for measuring').digest('hex')

/** Where one benchmark works, and how large its data are. */
export interface Workplace {
  readonly folder: string
  readonly passwordFile: string
  /** 1: about 1 GB a data set. */
  readonly scale: number
}

export async function makeWorkplace(folder: string, scale: number): Promise<Workplace> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  return { folder, passwordFile, scale }
}

export function integrum({ passwordFile }: Workplace, repository: string, ...args: readonly string[]): Job {
  const env = { INTEGRUM_REPOSITORY: repository, INTEGRUM_PASSWORD_FILE: passwordFile, INTEGRUM_CACHE: `${repository}-cache` }
  return { command: path.join(projectFolder, 'bin/integrum'), args, env }
}

/** What `restore run` asks of a person, answered; the journals lie in the workplace. */
export function unattended(folder: string): string[] {
  const noSafety = ['--no-safety-backup', '--reason', 'a benchmark restores into a new place']
  return ['--confirm', 'bench', ...noSafety, '--state', path.join(folder, 'state'), '--json']
}

export function restic({ passwordFile }: Workplace, repository: string, ...args: readonly string[]): Job {
  return {
    command: 'restic',
    args: ['--quiet', '--repo', repository, '--cache-dir', `${repository}-cache`, ...args],
    env: { RESTIC_PASSWORD_FILE: passwordFile },
  }
}

/** borg works in the folder it is started from when it extracts. */
export function borg(place: Workplace, options: { cwd?: string }, ...args: readonly string[]): Job {
  const env = { BORG_PASSPHRASE: password, BORG_BASE_DIR: path.join(place.folder, 'borg-state') }
  return { command: 'borg', args, env, ...(options.cwd !== undefined && { cwd: options.cwd }) }
}

export interface PgBackRestPlace {
  readonly folder: string
  readonly data: string
  readonly socketDirectory: string
  readonly as?: { readonly uid: number; readonly gid: number }
}

/** pgBackRest without a WAL archive, two processes, zstd 3, not encrypted: the quickest it offers for one full backup. */
export function pgBackRest(place: PgBackRestPlace, command: string, ...options: readonly string[]): Job {
  const { folder, data, socketDirectory, as } = place
  const where = [`--repo1-path=${folder}`, `--log-path=${folder}`, `--lock-path=${folder}`, `--pg1-path=${data}`]
  const server = [`--pg1-socket-path=${socketDirectory}`, '--pg1-user=postgres', '--stanza=bench', '--config=/dev/null']
  const quiet = ['--log-level-file=off', '--log-level-console=warn']
  return { command: 'pgbackrest', args: [...where, ...server, ...quiet, ...options, command], ...(as && { as }), cwd: '/' }
}
