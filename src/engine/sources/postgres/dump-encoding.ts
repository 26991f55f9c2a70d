import { Fault } from '#base/fault.ts'

/** How the bytes of a dump become text, and rows are announced. */
export interface DumpEncoding {
  decode(bytes: string): string
  /** Added to a COPY, whose rows are handed on as they are. */
  readonly copyOption: string
}

/** PostgreSQL "Character Set Support" and the names that the Encoding Standard has for the same. */
const labels: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'windows-1254',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1252: 'windows-1252',
  WIN1253: 'windows-1253',
  WIN1254: 'windows-1254',
  WIN1257: 'windows-1257',
  KOI8R: 'koi8-r',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
}

export function decoderOf(encoding: string): DumpEncoding {
  const name = encoding.toUpperCase().replace(/^UNICODE$|^UTF-8$/, 'UTF8')
  if (name === 'UTF8' || name === 'SQL_ASCII') return { decode: (bytes) => Buffer.from(bytes, 'latin1').toString('utf8'), copyOption: '' }
  const copyOption = ` WITH (ENCODING '${name}')`
  if (name === 'LATIN1') return { decode: (bytes) => bytes, copyOption }
  const label = labels[name]
  if (label === undefined)
    throw new Fault('DUMP_INVALID', `the dump is in the encoding ${encoding}, which is not read: make it with --encoding=UTF8`)
  const decoder = new TextDecoder(label)
  return { decode: (bytes) => decoder.decode(Buffer.from(bytes, 'latin1')), copyOption }
}
