import { strict as assert } from 'node:assert'
import { readAccounts } from '#host/users.ts'
import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import type { KnownRoot } from '#engine/sources/known-folder.ts'
import type { Capture, CaptureContext } from '#engine/sources/source.ts'
import { exclusionOf } from './exclusions.ts'
import type { FileSelection } from './file-selection.ts'
import { isMountPoint, mountsBelow, readMounts } from './mounts.ts'
import { openRoot } from './open-root.ts'
import type { RootSection } from './root-section.ts'
import { RootTally } from './root-tally.ts'
import { walkRoot } from './walk-root.ts'

export interface RootOrder {
  /** As the operator calls it: the folder `files/<name>`. */
  readonly name: string
  readonly root: string
  /** Paths below the root that are left out; see `exclusions.ts`. */
  readonly exclude?: readonly string[]
  /** Takes these alone, and the directories above them; everything unless given. */
  readonly select?: FileSelection | undefined
  /** Instants of the databases' snapshots: entries with a later ctime are counted as newer (SAFETY rule 16). */
  readonly newerThan: readonly Date[]
  /** As the backup before found it, if that is remembered: what is still so is left as known. Asked for when the walk begins. */
  readonly known?: (() => Promise<KnownRoot | undefined>) | undefined
}

/**
 * Opens a directory and reads it live from now on (FEATURES S3). What cannot be read, vanishes or keeps changing is a
 * gap and never ends the walk. Faults: ROOT_NOT_FOUND, ROOT_NOT_DIRECTORY, ROOT_SYMLINK, ROOT_DENIED.
 */
export async function captureFiles(order: RootOrder, context: CaptureContext): Promise<Capture<RootSection>> {
  const { handle, path } = await openRoot(order.root)
  await using open = new AsyncDisposableStack()
  open.use(handle)
  const accounts = await readAccounts()
  const mounts = await readMounts()
  const instant = context.clock.now()
  const newerThan = new Date(Math.min(instant.getTime(), ...order.newerThan.map((date) => date.getTime())))
  const tally = new RootTally(newerThan)
  let isBegun = false
  const kept = open.move()
  return {
    instant,
    entries: () => {
      assert(!isBegun, 'a capture is walked once')
      isBegun = true
      return walkRoot({
        source: order.name,
        root: handle,
        isExcluded: exclusionOf(order.exclude ?? []),
        selection: order.select,
        mounts: new Map(mountsBelow(mounts, path).map((mount) => [belowRoot(mount.path, path), mount])),
        accounts,
        context,
        tally,
        // What was not selected is in no backup to compare with.
        known: order.select ? undefined : order.known,
      })
    },
    section: async () => {
      assert(tally.isComplete, 'the section is known once every entry was read')
      return {
        name: order.name,
        path,
        instant: instant.toISOString(),
        isMountPoint: isMountPoint(mounts, path),
        ...tally.counts(),
        exactness: [...(order.select ? [notSelected] : []), ...tally.exactness(order.exclude ?? [])],
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const notSelected = {
  what: 'files that were not selected',
  why: 'this backup holds the files of its selection and the directories above them; manifest.json says what was selected',
}

function belowRoot(place: ByteString, root: string): ByteString {
  return place.slice(root === '/' ? 1 : byteStringOf(root).length + 1) as ByteString
}
