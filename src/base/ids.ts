declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** SHA-256 of a chunk or a tree, 64 lower-case hex digits. */
export type BlobId = Branded<'BlobId'>
/** SHA-256 of a pack file. */
export type PackId = Branded<'PackId'>
/** SHA-256 of a snapshot file. `restic tag` changes it: the stable key of a backup is its BackupId. */
export type SnapshotId = Branded<'SnapshotId'>
/** UUID of one backup, kept in the snapshot's tag `backup=<uuid>`. */
export type BackupId = Branded<'BackupId'>
/** UUID of one restore. */
export type RestoreId = Branded<'RestoreId'>
/** Name of a system, database or file root as the operator gives it: `[a-z0-9][a-z0-9-]{0,62}`. */
export type SourceName = Branded<'SourceName'>
export function isHexId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)
}
