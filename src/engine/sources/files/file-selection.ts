import type { ByteString } from '#engine/byte-string.ts'

/** Decides by path below the root (parts joined with `/`) whether an entry comes into the backup. */
export interface FileSelection {
  isSelected(path: ByteString): boolean
  /** Of a directory: it, or anything below it, may be selected. */
  mayHold(folder: ByteString): boolean
}
