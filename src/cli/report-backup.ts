import { printBytes, printCount, printDuration } from '#base/units.ts'
import type { BackupResult } from '#engine/backup/backup.ts'
import type { SelectionSection } from '#engine/backup/manifest.ts'
import type { Sanitization } from '#engine/masking/sanitization.ts'
import type { Output } from './output.ts'

/** What a backup became, for people and as one line of JSON. */
export function reportBackup(
  output: Output,
  { status, id, snapshot, checksum, manifest, statistics }: BackupResult,
  durationMs: number,
): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const database = {
    rows: sum(manifest.databases.map(({ rows }) => rows)),
    bytes: sum(manifest.databases.map(({ copyBytes }) => copyBytes)),
  }
  const files = { count: sum(manifest.roots.map((root) => root.files)), bytes: sum(manifest.roots.map(({ bytes }) => bytes)) }
  const { storedBytes, readBytes, newBytes } = statistics

  output.line(`${status === 'completed' ? 'Completed' : 'Completed with gaps'}: backup ${id}`)
  output.line(`  name       ${manifest.name}`)
  output.line(`  snapshot   ${snapshot}`)
  for (const { name, tables, rows, copyBytes, instant } of manifest.databases) {
    output.line(
      `  database   ${name}: ${printCount(tables.length)} tables, ${printCount(rows)} rows, ${printBytes(copyBytes)}, as of ${instant}`,
    )
  }
  for (const root of manifest.roots) {
    output.line(`  files      ${root.name}: ${printCount(root.files)} files, ${printBytes(root.bytes)}, read from ${root.instant} on`)
  }
  for (const line of selectionLines(manifest)) output.line(line)
  output.line(`  stored     ${printBytes(storedBytes)} new, of ${printBytes(newBytes)} not yet known and ${printBytes(readBytes)} read`)
  output.line(`  took       ${printDuration(durationMs)}`)
  const { sanitization } = manifest
  if (sanitization) reportMasks(output, sanitization)
  const exactness = [...manifest.databases, ...manifest.roots].flatMap((section) =>
    section.exactness.map(({ what, why }) => ({ source: section.name, what, why })),
  )
  for (const { source, what, why } of exactness) output.line(`  not exact  ${source}: ${what}: ${why}`)
  for (const gap of manifest.gaps.first) output.line(`  GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  if (manifest.gaps.count > manifest.gaps.first.length) output.line(`  GAPS       ${manifest.gaps.count} in all`)
  output.result({
    status,
    backup: id,
    snapshot,
    name: manifest.name,
    type: manifest.type,
    sanitization: sanitization ?? null,
    checksum,
    ...(manifest.selection && { selection: toldOf(manifest.selection) }),
    gaps: manifest.gaps.count,
    gapList: manifest.gaps.first,
    exactness,
    database,
    files,
    readBytes,
    newBytes,
    storedBytes,
    durationMs,
  })
}

function reportMasks(output: Output, { databases, keyedBy, key, rootsLeftOut }: Sanitization): void {
  for (const { name, columns, excludedTables } of databases)
    output.line(`  masked     ${name}: ${printCount(columns.length)} columns, and ${printCount(excludedTables.length)} tables left out`)
  for (const name of rootsLeftOut) output.line(`  left out   files ${name}: nothing masks them`)
  output.line(
    `  mask key   ${key}, of ${keyedBy === 'repository' ? 'the repository' : 'the given file'}; this backup is never restored in place`,
  )
}

/** How many of each kind, and no keys: what a command says ends up in logs. */
function toldOf({ entities, tables, dataTypes, since, until, counts, leftOut, notCovered }: SelectionSection) {
  const kinds = Object.fromEntries([...Map.groupBy(entities, ({ kind }) => kind)].map(([kind, same]) => [kind, same.length]))
  return { kinds, tables, dataTypes, since, until, counts, leftOut, notCovered }
}

function selectionLines({ selection }: BackupResult['manifest']): string[] {
  if (!selection) return []
  const { kinds, tables, dataTypes, since, until, leftOut, notCovered } = toldOf(selection)
  const parts = [
    ...Object.entries(kinds).map(([kind, count]) => `${kind}: ${count}`),
    ...tables.map(({ schema, table }) => `${schema}.${table}`),
    ...dataTypes,
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ]
  return [
    `  selection  ${parts.join(', ')}`,
    ...[...leftOut.databases, ...leftOut.roots].map((name) => `  without    ${name}: nothing of it was selected`),
    ...notCovered.map(({ database, table }) => `  NOT COVERED ${database}: ${table}: nothing says to whom its rows belong`),
  ]
}
