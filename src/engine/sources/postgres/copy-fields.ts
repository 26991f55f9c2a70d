const tab = 9
const newline = 10

/**
 * Takes one column out of COPY text as it streams by (PostgreSQL "COPY, Text Format": a tab between fields, a newline
 * after each row, both escaped inside values). Yields each field's raw bytes; NULL (`\N`) is left out.
 */
export class CopyField {
  readonly #column: number
  #rest: Buffer = Buffer.alloc(0)

  /** `column` counts from 0 in COPY order. */
  constructor(column: number) {
    this.#column = column
  }

  *take(bytes: Uint8Array): Generator<Buffer> {
    let buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (this.#rest.length > 0) buffer = Buffer.concat([this.#rest, buffer])
    let start = 0
    for (let end = buffer.indexOf(newline, start); end >= 0; end = buffer.indexOf(newline, start)) {
      const field = this.#field(buffer, start, end)
      if (field) yield field
      start = end + 1
    }
    // Copied: the source may use its buffer again.
    this.#rest = Buffer.from(buffer.subarray(start))
  }

  #field(buffer: Buffer, start: number, end: number): Buffer | undefined {
    let from = start
    for (let column = 0; column < this.#column; column += 1) {
      const at = buffer.indexOf(tab, from)
      if (at < 0 || at >= end) return undefined
      from = at + 1
    }
    const at = buffer.indexOf(tab, from)
    const field = buffer.subarray(from, at < 0 || at > end ? end : at)
    return field.length === 2 && field[0] === 0x5c && field[1] === 0x4e ? undefined : field
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The value that a raw field stands for, as the bytes of the database's text. COPY TO never writes octal or hex escapes. */
export function unescapeField(field: Buffer): Buffer {
  if (!field.includes(0x5c)) return field
  return Buffer.from(
    field.toString('latin1').replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter),
    'latin1',
  )
}

const escaped: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** A value as COPY TO writes it ("COPY, Text Format"), byte for byte, so that it is hashed as it will be read back. */
export function escapeField(value: Buffer): Buffer {
  const text = value.toString('latin1')
  const written = text.replace(/[\\\b\f\n\r\t\v]/g, (letter) => escaped[letter]!)
  return written === text ? value : Buffer.from(written, 'latin1')
}
