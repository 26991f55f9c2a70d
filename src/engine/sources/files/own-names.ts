import type { ByteString } from '#engine/byte-string.ts'

/** What restores leave beside a root or inside a mount point (DECISIONS "Names and paths"). Never captured, never compared. */
export function isOwnName(name: string): boolean {
  return /^\.integrum-[0-9a-f]{12}-/.test(name)
}

/** Directories that `removeTree` may be pointed at: exactly those which a restore makes. */
export function isStageOrKeptName(name: string): boolean {
  return /^\.integrum-[0-9a-f]{12}-(stage|kept)$/.test(name)
}

export function ownName(hex: string, purpose: 'stage' | 'kept' | 'appeared' | 'probe-a' | 'probe-b'): ByteString {
  return `.integrum-${hex}-${purpose}` as ByteString
}
