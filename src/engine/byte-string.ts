declare const brand: unique symbol
/**
 * Bytes of a file name or path, one character per byte (latin1). Linux names are bytes, not text; kept this way they
 * compare in byte order and no byte is ever lost. Show them with `printBytesName`.
 */
export type ByteString = string & { readonly [brand]: 'ByteString' }

export function byteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as ByteString
}

/** The bytes of a text in UTF-8, as a ByteString. */
export function byteStringOf(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1') as ByteString
}

export function bytesOf(name: ByteString): Buffer {
  return Buffer.from(name, 'latin1')
}

/** For people: UTF-8 where it is valid, and control characters escaped so that no terminal obeys them. */
export function printBytesName(name: ByteString): string {
  // oxlint-disable-next-line no-control-regex
  return bytesOf(name)
    .toString('utf8')
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
