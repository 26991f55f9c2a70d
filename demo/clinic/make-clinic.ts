import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { parseDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { clinicBegan, clinicDays, clinicSize, dayMs, visitTime } from './clinic-size.ts'
import { copyRows, type Row } from './copy-rows.ts'
import { FileTree } from './file-tree.ts'
import { documentColumns, documentRows } from './rows-of-documents.ts'
import {
  consentColumns,
  consentRows,
  medicationColumns,
  medicationRows,
  patientColumns,
  patientRows,
  signatureImages,
} from './rows-of-patients.ts'
import {
  organizationColumns,
  organizationRows,
  siteColumns,
  siteRows,
  staffColumns,
  staffRows,
  studyCode,
  studyColumns,
  studyRows,
} from './rows-of-places.ts'
import {
  auditColumns,
  auditRows,
  labResultColumns,
  labResultRows,
  observationColumns,
  observationRows,
  visitColumns,
  visitRows,
  type VisitRange,
} from './rows-of-visits.ts'

export interface ClinicOrder {
  /** A database that exists and has no schema `clinic`. */
  readonly target: DatabaseTarget | string
  /** A directory that is empty or not there yet. */
  readonly filesRoot: string
  /** 1 is about 50 MB of database and 4 MB of files, 20 about 860 MB of database and 80 MB of files; any size in between. */
  readonly scale: number
  /** The same seed and scale make the same rows and the same files, byte for byte. */
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface ClinicCounts {
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>
  readonly rows: number
  readonly largeObjects: number
  readonly files: { readonly count: number; readonly bytes: number }
}

/** Makes a whole clinical system: schema, rows by COPY, large objects, files, and at last the rules between the rows. */
export async function makeClinic(order: ClinicOrder): Promise<ClinicCounts> {
  const { filesRoot, seed, signal } = order
  const size = clinicSize(order.scale)
  const visits: VisitRange = { seed, size, firstId: 1, count: size.visits, timeOf: (id) => visitTime(id - 1, size.visits) }
  const tree = new FileTree(path.resolve(filesRoot))
  await mkdir(filesRoot, { recursive: true, mode: 0o750 })

  await using connection = await connect(targetOf(order.target), signal)
  await runScript(connection, 'schema.sql')
  const tables: Record<string, number> = {}
  const load = async (name: string, columns: readonly string[], rows: Iterable<Row> | AsyncIterable<Row>) => {
    tables[name] = await copyRows(connection, { name, columns }, rows, signal)
  }
  await load('organization', organizationColumns, organizationRows(seed, size))
  await load('site', siteColumns, siteRows(seed, size))
  await load('study', studyColumns, studyRows(seed, size))
  await load('staff', staffColumns, staffRows(seed, size))
  await load('patient', patientColumns, patientRows(seed, size))
  await load('medication', medicationColumns, medicationRows(seed, size))
  await load('consent', consentColumns, consentRows(seed, size))
  await loadVisits(visits, tree, load, signal)
  const largeObjects = await makeSignatures(connection, signatureImages(seed, size))
  const now = new Date(clinicBegan + clinicDays * dayMs)
  await tree.link('studies/current', studyCode(size.studies), now)
  await tree.settle(now)
  await runScript(connection, 'rules.sql')
  await settleSequences(connection)
  return { tables, rows: sum(tables), largeObjects, files: { count: tree.count, bytes: tree.bytes } }
}

type Load = (name: string, columns: readonly string[], rows: Iterable<Row> | AsyncIterable<Row>) => Promise<void>

/** What a range of visits brings: the visits and everything written down at them. */
export async function loadVisits(visits: VisitRange, tree: FileTree, load: Load, signal?: AbortSignal): Promise<void> {
  await load('visit', visitColumns, visitRows(visits))
  await load('observation', observationColumns, observationRows(visits))
  await load('lab_result', labResultColumns, labResultRows(visits))
  await load('document', documentColumns, documentRows(visits, tree, signal))
  await load('audit_log', auditColumns, auditRows(visits))
}

export function targetOf(target: DatabaseTarget | string): DatabaseTarget {
  return typeof target === 'string' ? parseDatabaseUrl('clinic', target, process.env) : target
}

/** Rows came with their numbers; the next one that the application inserts goes on from there. */
export async function settleSequences(connection: Connection): Promise<void> {
  const tables = [
    'organization',
    'site',
    'study',
    'staff',
    'patient',
    'visit',
    'observation',
    'lab_result',
    'medication',
    'consent',
    'document',
    'audit_log',
  ]
  for (const table of tables) {
    await connection.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from clinic.${table}))`, [`clinic.${table}`])
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

async function runScript(connection: Connection, name: string): Promise<void> {
  await connection.query(await readFile(new URL(name, import.meta.url), 'utf8'))
}

async function makeSignatures(connection: Connection, images: Iterable<{ oid: number; bytes: Buffer }>): Promise<number> {
  let count = 0
  for (const { oid, bytes } of images) {
    await connection.query('select lo_from_bytea($1, $2)', [oid, bytes])
    count += 1
  }
  return count
}
