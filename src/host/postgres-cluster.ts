import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync, openSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { assertFound, postgresPrograms } from './postgres-programs.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { systemClock } from '#base/clock.ts'
import { run } from './run.ts'

export interface ClusterOptions {
  /** False only for throw-away clusters: nothing is fsynced. */
  readonly isDurable: boolean
  /** Extra `-c name=value` settings of the server. */
  readonly settings?: Readonly<Record<string, string>>
  /** Folder of the server's programs; the newest installed otherwise. */
  readonly programs?: string
  readonly user?: string
  /** Who runs the server when we are root: `postgres`, unless what is loaded into it is not to be trusted. */
  readonly account?: string
  /** Where the socket's directory is made; the system's place for temporary files otherwise. */
  readonly socketsIn?: string
  /** Where the socket was before: used again while it is still that user's own, so that who is connected comes back. */
  readonly socketDirectory?: string | undefined
}

export interface PrivateCluster extends AsyncDisposable {
  /** Directory of the unix socket; the only way in. */
  readonly socketDirectory: string
  readonly user: string
  /** `postgresql://user@/database?host=<socket directory>`: no password, the socket is reachable for us alone. */
  url(database: string): string
  /** SIGINT: PostgreSQL's fast stop. */
  stop(): Promise<void>
  /** SIGKILL to the postmaster, as a power cut for the server's processes. */
  kill(): Promise<void>
  /** SIGQUIT: at once, for a cluster that nobody needs any more. Its files stay. */
  discard(): Promise<void>
}

/**
 * Starts a private PostgreSQL below `directory`, made by initdb when it is not there: reachable through a unix socket
 * only, run as the `postgres` user when we are root. Every parent of `directory` must be searchable for that user.
 */
export async function startCluster(directory: string, options: ClusterOptions): Promise<PrivateCluster> {
  const programs = options.programs ?? assertFound(postgresPrograms('initdb')).folder
  const user = options.user ?? 'postgres'
  const owner = serverOwner(options.account ?? 'postgres')
  const data = path.join(directory, 'data')
  await mkdir(directory, { recursive: true, mode: 0o755 })
  if (owner) await chown(directory, owner.uid, owner.gid)
  const before = options.socketDirectory
  const socketDirectory =
    before !== undefined && (await isOwn(before, owner?.uid ?? process.getuid?.()))
      ? before
      : await makeSocketDirectory(options.socketsIn ?? tmpdir(), owner)

  const environment = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' }
  const as = { ...owner, env: environment, cwd: '/' }
  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    const args = ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--data-checksums']
    const made = await run(path.join(programs, 'initdb'), options.isDurable ? args : [...args, '--no-sync'], as)
    if (made.exitCode !== 0) throw new Fault('DATABASE_TOOL', `initdb failed: ${made.stderr.trim()}`)
  }
  const server = await startServer({ programs, data, socketDirectory, options, as })
  const stopWith = async (signal: NodeJS.Signals) => {
    await stopServer(server, signal)
    await rm(socketDirectory, { recursive: true, force: true })
  }
  return {
    socketDirectory,
    user,
    url: (database) =>
      `postgresql://${encodeURIComponent(user)}@/${encodeURIComponent(database)}?host=${encodeURIComponent(socketDirectory)}`,
    stop: () => stopWith('SIGINT'),
    kill: () => stopWith('SIGKILL'),
    discard: () => stopWith('SIGQUIT'),
    [Symbol.asyncDispose]: () => stopWith('SIGINT'),
  }
}

/** A socket path holds 107 bytes at most, so it lives in a short place of its own. */
async function makeSocketDirectory(place: string, owner: { readonly uid: number; readonly gid: number } | undefined): Promise<string> {
  const directory = await mkdtemp(path.join(place, 'integrum-pg-'))
  if (owner) await chown(directory, owner.uid, owner.gid)
  await chmod(directory, 0o700)
  return directory
}

/** In a place where anybody may make one, the name alone says nothing. */
async function isOwn(directory: string, uid: number | undefined): Promise<boolean> {
  try {
    const found = await lstat(directory)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

interface ServerStart {
  readonly programs: string
  readonly data: string
  readonly socketDirectory: string
  readonly options: ClusterOptions
  readonly as: { uid?: number; gid?: number; env: NodeJS.ProcessEnv; cwd: string }
}

async function startServer({ programs, data, socketDirectory, options, as }: ServerStart): Promise<ChildProcess> {
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_permissions: '0700',
    ...(!options.isDurable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const args = ['-D', data, '-k', socketDirectory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const logFile = path.join(path.dirname(data), 'server.log')
  const log = openSync(logFile, 'a')
  const server = spawn(path.join(programs, 'postgres'), args, { ...as, stdio: ['ignore', log, log] })
  closeSync(log)
  for (let attempt = 0; ; attempt += 1) {
    if (await isReady(data, server)) return server
    if (server.exitCode !== null || attempt > 1200) {
      throw new Fault('DATABASE_UNREACHABLE', `private PostgreSQL did not start: ${(await readFile(logFile, 'utf8')).slice(-2000)}`)
    }
    await systemClock.sleep(25)
  }
}

/**
 * The eighth line of postmaster.pid says `ready` once connections are accepted (pg_ctl reads the same). The first one
 * tells whose file it is: a killed server leaves its own behind.
 */
async function isReady(data: string, server: ChildProcess): Promise<boolean> {
  try {
    const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n')
    return Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready'
  } catch (error) {
    // Not written yet, or a killed server's, which the new one takes away first.
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

function stopServer(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill(signal)
  })
}

/** PostgreSQL refuses to run as root: then it runs as another, such as the `postgres` user that Debian's package makes. */
export function serverOwner(account: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, account], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
