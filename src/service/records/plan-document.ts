import { readDocument, type ChangedTable, type ChangeSet } from '#engine/entities/change-set.ts'
import type { ChangedRoot } from '#engine/entities/changed-files.ts'
import {
  readChangedFiles,
  readChangedRows,
  rowParts,
  type ChangedRow,
  type FilesPage,
  type RowPart,
  type RowsPage,
} from '#engine/entities/changed-rows.ts'
import type { House } from '#service/house.ts'
import type { StoredPlan } from '#service/restores/restores.store.ts'
import { fileView, folderOf, rowView } from './planned-records.ts'

/** A plan as one document, part by part, for a reviewer. Faults as of `keysOf`, before the first part. */
export async function documentOf(house: House, plan: StoredPlan): Promise<AsyncIterable<string>> {
  const folder = folderOf(house, plan)
  return printed(folder, await readDocument(folder))
}

async function* printed(folder: string, document: ChangeSet): AsyncGenerator<string> {
  yield `{\n"plan": ${JSON.stringify(document)},\n"rows": [`
  let comma = ''
  for (const table of document.tables)
    for (const part of rowParts)
      for await (const row of everyRow(folder, table, part)) {
        yield `${comma}\n${JSON.stringify({ table: `${table.schema}.${table.table}`, ...rowByName(table, row) })}`
        comma = ','
      }
  yield '\n],\n"files": ['
  comma = ''
  for (const root of document.files)
    for await (const file of everyFile(folder, root)) {
      yield `${comma}\n${JSON.stringify({ root: root.name, ...fileView(file) })}`
      comma = ','
    }
  yield '\n]\n}\n'
}

const readAtOnce = 200

async function* everyRow(folder: string, table: ChangedTable, part: RowPart) {
  for (let from: number | null = 0; from !== null;) {
    const { rows, next }: RowsPage = await readChangedRows(folder, table, { part, from, limit: readAtOnce })
    yield* rows
    from = next
  }
}

async function* everyFile(folder: string, root: ChangedRoot) {
  for (let from: number | null = 0; from !== null;) {
    const { files, next }: FilesPage = await readChangedFiles(folder, root, { from, limit: readAtOnce })
    yield* files
    from = next
  }
}

/** Which side there is follows from what is done; `null` in a field is the database's own. */
function rowByName({ columns }: ChangedTable, row: ChangedRow) {
  const { action, class: found, key, fields } = rowView(row)
  const side = (of: 'before' | 'after') => Object.fromEntries(columns.map(({ name }, at) => [name, fields[at]![of]]))
  const shown = found ?? action
  return {
    action,
    ...(found !== null && { class: found }),
    key,
    ...(shown !== 'insert' && shown !== 'parent-missing' && { live: side('before') }),
    ...(shown !== 'delete' && { [found === null ? 'wouldBe' : 'backup']: side('after') }),
  }
}
