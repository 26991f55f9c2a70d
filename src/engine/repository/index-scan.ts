import { idBytes } from './id-table.ts'
import { sealOverheadBytes } from './seal.ts'

/** What an index file says, in tables instead of objects: an object for each of millions of blobs would fill the memory. */
export interface ScannedIndex {
  readonly packs: number
  /** 32 bytes for each pack. */
  readonly packIds: Buffer
  /** For each pack the number of its first blob; one more for the end. */
  readonly firstBlobs: Uint32Array
  /** 32 bytes for each blob. */
  readonly blobIds: Buffer
  /** Four for each blob: 1 for a tree, offset, sealed size, plain size or `notCompressed`. */
  readonly numbers: Uint32Array
}

export const notCompressed = 0xffffffff

/**
 * Reads an index document as restic and we write it: no spaces, fields in one order (design.rst "Indexing"). `undefined` for
 * anything else, right or wrong: that is left to a reader that is slower and says what it did not like.
 */
export function scanIndex(json: Buffer): ScannedIndex | undefined {
  const scan = new Scan(json)
  return scan.all() ? scan.found() : undefined
}

// {"id":"…64…","type":"data","offset":0,"length":32} is the shortest blob, {"id":"…64…","blobs":[]} the shortest pack.
const blobTextBytesMin = 112
const packTextBytesMin = 83

class Scan {
  readonly #json: Buffer
  readonly #packIds: Buffer
  readonly #firstBlobs: Uint32Array
  readonly #blobIds: Buffer
  readonly #numbers: Uint32Array
  #at = 0
  #packs = 0
  #blobs = 0
  #number = 0

  constructor(json: Buffer) {
    this.#json = json
    const packs = Math.ceil(json.byteLength / packTextBytesMin)
    const blobs = Math.ceil(json.byteLength / blobTextBytesMin)
    this.#packIds = Buffer.allocUnsafeSlow(packs * idBytes)
    this.#firstBlobs = new Uint32Array(packs + 1)
    this.#blobIds = Buffer.allocUnsafeSlow(blobs * idBytes)
    this.#numbers = new Uint32Array(blobs * 4)
  }

  found(): ScannedIndex {
    this.#firstBlobs[this.#packs] = this.#blobs
    return {
      packs: this.#packs,
      packIds: this.#packIds,
      firstBlobs: this.#firstBlobs,
      blobIds: this.#blobIds,
      numbers: this.#numbers,
    }
  }

  all(): boolean {
    if (!this.#takes(tokens.start)) return false
    if (!this.#takes(tokens.listEnd)) {
      do if (!this.#pack()) return false
      while (this.#takes(tokens.comma))
      if (!this.#takes(tokens.listEnd)) return false
    }
    if (!this.#takes(tokens.objectEnd)) return false
    this.#takes(tokens.newline)
    return this.#at === this.#json.byteLength
  }

  #pack(): boolean {
    if (!this.#takes(tokens.id) || !this.#hex(this.#packIds, this.#packs * idBytes) || !this.#takes(tokens.blobs)) return false
    this.#firstBlobs[this.#packs] = this.#blobs
    this.#packs += 1
    if (!this.#takes(tokens.listEnd)) {
      do if (!this.#blob()) return false
      while (this.#takes(tokens.comma))
      if (!this.#takes(tokens.listEnd)) return false
    }
    return this.#takes(tokens.objectEnd)
  }

  #blob(): boolean {
    if (!this.#takes(tokens.id) || !this.#hex(this.#blobIds, this.#blobs * idBytes) || !this.#takes(tokens.type)) return false
    const isTree = this.#takes(tokens.tree)
    if (!isTree && !this.#takes(tokens.data)) return false
    const to = this.#blobs * 4
    this.#numbers[to] = isTree ? 1 : 0
    if (!this.#takes(tokens.offset) || !this.#digits()) return false
    this.#numbers[to + 1] = this.#number
    if (!this.#takes(tokens.length) || !this.#digits() || this.#number < sealOverheadBytes) return false
    this.#numbers[to + 2] = this.#number
    const hasPlain = this.#takes(tokens.plain)
    if (hasPlain && !this.#digits()) return false
    // restic leaves it out, or at 0, for blobs that are not compressed.
    this.#numbers[to + 3] = hasPlain && this.#number > 0 ? this.#number : notCompressed
    this.#blobs += 1
    return this.#takes(tokens.objectEnd)
  }

  #takes(token: Uint8Array): boolean {
    // In locals: most of a short command's scan is over before it is compiled well.
    const json = this.#json
    const at = this.#at
    const { length } = token
    for (let index = 0; index < length; index += 1) if (json[at + index] !== token[index]) return false
    this.#at = at + length
    return true
  }

  #hex(into: Buffer, at: number): boolean {
    const json = this.#json
    let from = this.#at
    for (let to = at; to < at + idBytes; to += 1, from += 2) {
      const high = hexValues[json[from] ?? 0]!
      const low = hexValues[json[from + 1] ?? 0]!
      if ((high | low) > 15) return false
      into[to] = (high << 4) | low
    }
    this.#at = from
    return true
  }

  /** A whole number below 2^32 - 1 without leading zeros. */
  #digits(): boolean {
    const start = this.#at
    let number = 0
    for (let digit = this.#json[this.#at]!; digit >= 0x30 && digit <= 0x39; digit = this.#json[this.#at]!) {
      number = number * 10 + digit - 0x30
      this.#at += 1
      if (number >= 0xffffffff) return false
    }
    this.#number = number
    return this.#at === start + 1 || (this.#at > start && this.#json[start] !== 0x30)
  }
}

const token = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const tokens = {
  start: token('{"packs":['),
  id: token('{"id":"'),
  blobs: token('","blobs":['),
  type: token('","type":"'),
  data: token('data'),
  tree: token('tree'),
  offset: token('","offset":'),
  length: token(',"length":'),
  plain: token(',"uncompressed_length":'),
  comma: token(','),
  listEnd: token(']'),
  objectEnd: token('}'),
  newline: token('\n'),
} as const

/** 255 for what is no lower-case hex digit. */
const hexValues = new Uint8Array(256).fill(255)
for (const [value, digit] of [...'0123456789abcdef'].entries()) hexValues[digit.charCodeAt(0)] = value
