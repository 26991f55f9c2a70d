import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { limits } from '#base/limits.ts'
import { serverOwner, startCluster } from '#host/postgres-cluster.ts'
import { connect, quoteName, type Connection } from './connection.ts'
import { parseDatabaseUrl, type DatabaseTarget } from './target.ts'

/** Nobody's files, nobody's processes: what breaks out of the server finds nothing that is its own. */
const account = 'nobody'
const loaderRole = 'integrum_import'

/**
 * A private, throw-away server for a dump that nobody vouches for (SAFETY rule 33): no network, an unprivileged user of the
 * system, and a role that is no superuser to load it with. Gone with its scope.
 */
export interface DumpSandbox extends AsyncDisposable {
  /** As its superuser, to capture what was loaded. */
  readonly target: DatabaseTarget
  /** The superuser's session: roles and owners, never anything that a dump says but those. */
  readonly admin: Connection
  /** The session that a dump is loaded in. */
  readonly loader: Connection
  /** Gives what the loader owns to the superuser, and ends both sessions. */
  settle(): Promise<void>
}

/** Who runs the server, and programs that read a dump; undefined when we are not root, and are nobody much already. */
export function sandboxOwner(): { readonly uid: number; readonly gid: number } | undefined {
  return serverOwner(account)
}

export async function startDumpSandbox(database: string, signal: AbortSignal): Promise<DumpSandbox> {
  await using scope = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'integrum-sandbox-'))
  scope.defer(() => rm(folder, { recursive: true, force: true }))
  const settings = { lc_messages: 'C', max_connections: '20', max_prepared_transactions: '0', max_wal_size: '4GB', autovacuum: 'off' }
  const cluster = scope.use(await startCluster(folder, { isDurable: false, account, settings }))
  const target = parseDatabaseUrl('sandbox', cluster.url(database), {})
  {
    await using first = await connect({ ...target, database: 'postgres' }, signal)
    await first.query(`create role ${loaderRole} login nosuperuser nocreatedb nocreaterole nobypassrls`)
    await first.query(`create database ${quoteName(database)} template template0 encoding 'UTF8' owner ${loaderRole}`)
    // Other databases of the sandbox are nothing to a dump.
    await first.query('revoke connect on database postgres, template1 from public')
  }
  const sessions = scope.use(new AsyncDisposableStack())
  const admin = sessions.use(await connect(target, signal))
  const loader = sessions.use(await connect({ ...target, user: loaderRole }, signal))
  await loader.query(`set statement_timeout = ${limits.dumpStatementMsMax}`)
  const cancel = () => loader.client.connection.stream.destroy()
  signal.addEventListener('abort', cancel, { once: true })
  scope.defer(() => signal.removeEventListener('abort', cancel))
  const kept = scope.move()
  return {
    target,
    admin,
    loader,
    settle: async () => {
      await admin.query(`reassign owned by ${loaderRole} to ${quoteName(target.user)}`)
      await admin.query(`alter database ${quoteName(database)} owner to ${quoteName(target.user)}`)
      await admin.query(`analyze`)
      await sessions.disposeAsync()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
