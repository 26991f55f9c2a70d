import { Fault } from '#base/fault.ts'
import { escapeField, unescapeField } from '#engine/sources/postgres/copy-fields.ts'
import type { MaskValue } from './value-mask.ts'

export interface RowMask {
  /** As people know the table: `schema.table`. */
  readonly table: string
  /** By the place of the column in the COPY. */
  readonly columns: ReadonlyMap<number, MaskedField>
  /** How many fields stay; those behind them were asked for to find subjects by, and go no further. */
  readonly width: number
  /** How the text of the session is encoded. */
  readonly encoding: 'utf8' | 'latin1'
}

export interface MaskedField {
  readonly name: string
  readonly mask: MaskValue
  /** The place of the field that names the subject. */
  readonly subjectAt?: number | undefined
}

const [tab, newline] = [Buffer.from('\t'), Buffer.from('\n')]
const nothing = Buffer.from('\\N')

/** COPY text in, COPY text out: as many rows, the masked fields in them changed. A row may be cut anywhere. MASK_VALUE names the column. */
export async function* maskRows(rows: AsyncIterable<Uint8Array>, mask: RowMask): AsyncGenerator<Uint8Array, void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of rows) {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (rest.length > 0) buffer = Buffer.concat([rest, buffer])
    const made: Buffer[] = []
    let start = 0
    for (let end = buffer.indexOf(0x0a, start); end >= 0; end = buffer.indexOf(0x0a, start)) {
      maskRow(buffer.subarray(start, end), mask, made)
      start = end + 1
    }
    // Copied: whoever lends the buffer may use it again.
    rest = Buffer.from(buffer.subarray(start))
    if (made.length > 0) yield Buffer.concat(made)
  }
  if (rest.length > 0) throw new Fault('DATABASE_QUERY', `the rows of ${mask.table} ended within a row`)
}

function maskRow(row: Buffer, { table, columns, width, encoding }: RowMask, made: Buffer[]): void {
  const fields = fieldsOf(row)
  for (let at = 0; at < width; at += 1) {
    if (at > 0) made.push(tab)
    const field = fields[at]!
    const masked = columns.get(at)
    if (!masked || field.equals(nothing)) {
      made.push(field)
      continue
    }
    const subject = masked.subjectAt === undefined ? undefined : fields[masked.subjectAt]
    try {
      const value = masked.mask(
        textOf(field, encoding),
        subject === undefined || subject.equals(nothing) ? undefined : textOf(subject, encoding),
      )
      made.push(value === null ? nothing : escapeField(Buffer.from(value, encoding)))
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'MASK_VALUE') throw error
      // The value itself is what nobody is to read.
      throw new Fault('MASK_VALUE', `${table}.${masked.name}: ${error.message}`, { table, column: masked.name }, { cause: error })
    }
  }
  made.push(newline)
}

/** "COPY, Text Format": tabs stand between fields and in none, where they are written `\t`. */
function fieldsOf(row: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let start = 0
  for (let end = row.indexOf(0x09); end >= 0; end = row.indexOf(0x09, start)) {
    fields.push(row.subarray(start, end))
    start = end + 1
  }
  fields.push(row.subarray(start))
  return fields
}

function textOf(field: Buffer, encoding: RowMask['encoding']): string {
  return unescapeField(field).toString(encoding)
}
