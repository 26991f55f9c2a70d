import { byteStringOf, type ByteString } from './byte-string.ts'

/** The path below a root that a row names: its prefix is taken off where it has it, and slashes before the rest. */
export function namedPath(value: ByteString, prefix: string): ByteString {
  const bytes = byteStringOf(prefix)
  const rest = value.startsWith(bytes) ? value.slice(bytes.length) : value
  return rest.replace(/^\/+/, '') as ByteString
}
