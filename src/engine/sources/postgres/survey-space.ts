import { readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '#base/fault.ts'
import { spaceOf } from '#host/space.ts'
import type { Connection } from './connection.ts'

/** Where a server writes, and what is free there. */
export interface SurveyedSpace {
  /** The server's files lie on this machine, and these figures are of them. */
  readonly isLocal: boolean
  readonly data: Place
  readonly wal: Place
  readonly tablespaces: readonly (Place & { readonly name: string })[]
  /** Bytes that pg_wal holds now; null when we may not know. */
  readonly walBytes: number | null
  readonly maxWalSizeBytes: number
}

export interface Place {
  readonly path: string | undefined
  /** Undefined = not known: the operator must state it (SAFETY rule 22). */
  readonly freeBytes: number | undefined
  readonly totalBytes: number | undefined
  /** Places of one device share their free bytes. */
  readonly deviceId: number | undefined
}

interface SpaceRow {
  data: string | null
  host: string | null
  seesWal: boolean
  maxWalSize: string
  startSeconds: string
  tablespaces: { name: string; location: string }[]
}

/** Reads only. Space of a server on another machine, or in a container whose files we do not see, is undefined. */
export async function surveySpace(connection: Connection): Promise<SurveyedSpace> {
  const row = await readPlaces(connection)
  const isLocal = row.data !== null && (await isServerHere(row, connection.target.host))
  const place = (found: string | null) => (isLocal && found !== null ? placeAt(found) : Promise.resolve(unknownPlace(found ?? undefined)))
  return {
    isLocal,
    data: await place(row.data),
    wal: await place(row.data === null ? null : path.join(row.data, 'pg_wal')),
    // One made in place is named relative to the data directory.
    tablespaces: await Promise.all(
      row.tablespaces.map(async ({ name, location }) => ({ name, ...(await place(path.resolve(row.data ?? '/', location))) })),
    ),
    walBytes: row.seesWal ? await readWalBytes(connection) : null,
    maxWalSizeBytes: Number(row.maxWalSize),
  }
}

async function readPlaces(connection: Connection): Promise<SpaceRow> {
  // pg_settings leaves out what the role may not see, where SHOW would fail.
  const [row] = await connection.query<SpaceRow & Record<string, unknown>>(`
    select (select setting from pg_catalog.pg_settings where name = 'data_directory') as data,
      host(pg_catalog.inet_server_addr()) as host,
      pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'execute') as "seesWal",
      pg_catalog.pg_size_bytes(current_setting('max_wal_size'))::text as "maxWalSize",
      floor(extract(epoch from pg_catalog.pg_postmaster_start_time()))::text as "startSeconds",
      coalesce((select jsonb_agg(jsonb_build_object('name', spcname, 'location', pg_catalog.pg_tablespace_location(oid)) order by spcname)
        from pg_catalog.pg_tablespace where pg_catalog.pg_tablespace_location(oid) <> ''), '[]') as tablespaces`)
  return row!
}

/** Apart, since PostgreSQL checks the right to a function in FROM before it evaluates anything around it. */
async function readWalBytes(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ bytes: string }>('select coalesce(sum(size), 0)::text as bytes from pg_catalog.pg_ls_waldir()')
  return Number(row!.bytes)
}

/**
 * A path of the same name may exist on another machine, and a socket may lead into a container. The third line of
 * postmaster.pid, the start time, says whether the directory is that server's; unreadable, the socket must do.
 */
async function isServerHere(row: SpaceRow, host: string): Promise<boolean> {
  const isNear = host.startsWith('/') || row.host === null || row.host === '127.0.0.1' || row.host === '::1'
  if (!isNear) return false
  try {
    const lines = (await readFile(path.join(row.data!, 'postmaster.pid'), 'utf8')).split('\n')
    return Math.abs(Number(lines[2]) - Number(row.startSeconds)) <= 1
  } catch (error) {
    return errnoOf(error) === 'EACCES' && host.startsWith('/')
  }
}

async function placeAt(found: string): Promise<Place> {
  try {
    const place = await realpath(found)
    const [space, { dev }] = [await spaceOf(place), await stat(place)]
    return { path: found, freeBytes: space.freeBytes, totalBytes: space.totalBytes, deviceId: dev }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    // Not ours to look into: not known, which the plan must answer for.
    return unknownPlace(found)
  }
}

function unknownPlace(found: string | undefined): Place {
  return { path: found, freeBytes: undefined, totalBytes: undefined, deviceId: undefined }
}
