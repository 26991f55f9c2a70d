import { Fault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import { backup } from '#engine/backup/backup.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { Capture, CaptureContext } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { archiveEntries } from './archive-entries.ts'
import { fileHash } from './archive-file.ts'
import { framed } from './framed.ts'
import { formatOf, meter, type ImportedBackup, type Importing } from './import-archive.ts'
import { LinkTargets } from './link-targets.ts'
import { readTar } from './tar-reader.ts'

/**
 * A tar of files of any make as a backup of one root. It is read twice: the first reading refuses what may not be and
 * learns which members have several names. Any failure leaves no backup behind.
 */
export async function importTar(repository: Repository, importing: Importing, signal: AbortSignal): Promise<ImportedBackup> {
  const { file, order, instruments } = importing
  const { links, sha256 } = await look(importing, signal)
  const name = order.name ?? 'files'
  const imported = {
    kind: 'tar',
    at: instruments.clock.now().toISOString(),
    file: file.name,
    sha256,
    format: formatOf(file, 'tar'),
  } as const
  const open = async (context: CaptureContext) => captureTar({ ...importing, name, links }, context)
  return await backup(
    repository,
    {
      id: order.newId,
      system: order.system,
      purpose: 'regular',
      databases: [],
      roots: [{ name, path: placeBeside(file.place), open }],
      settings: defaultSettings,
      compressionLevel: order.compressionLevel,
      imported,
    },
    instruments,
    signal,
  )
}

async function look({ file, order, instruments }: Importing, signal: AbortSignal): Promise<{ links: LinkTargets; sha256: string }> {
  const links = new LinkTargets()
  const hash = fileHash(meter('check', { file, instruments }))
  for await (const one of framed(readTar(file.bytes(signal, hash.onRead)))) {
    if (one.kind !== 'member') continue
    const { type } = one.member
    if ((type === 'dev' || type === 'chardev') && !order.hasDevices) {
      const shown = printBytesName(one.path)
      throw new Fault('ARCHIVE_UNSAFE', `${shown} is a device node; --devices takes it all the same`, { path: shown })
    }
    if (type === 'link') links.add(one.path, one.member)
  }
  return { links, sha256: hash.digest() }
}

interface TarCapture extends Importing {
  readonly name: string
  readonly links: LinkTargets
}

function captureTar({ file, name, links }: TarCapture, context: CaptureContext): Capture<RootSection> {
  const instant = context.clock.now()
  const counts = { files: 0, directories: 0, specials: 0, bytes: 0 }
  const onNode = (_path: ByteString, node: TreeNode) => {
    if (node.type === 'file') counts.files += 1
    else if (node.type === 'dir') counts.directories += 1
    else counts.specials += 1
    counts.bytes += node.sizeBytes
  }
  return {
    instant,
    entries: (signal = AbortSignal.any([])) =>
      archiveEntries({ framed: framed(readTar(file.bytes(signal))), links, at: instant, signal, onNode }),
    section: async () => {
      await file.confirmUnchanged()
      return {
        name,
        path: placeBeside(file.place),
        instant: instant.toISOString(),
        isMountPoint: false,
        ...counts,
        newer: { count: 0, paths: [] },
        exactness: [],
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Where one would unpack it: what a restore proposes when it is told no other place. */
function placeBeside(file: string): string {
  const place = file
    .replace(/\.age$/, '')
    .replace(/\.(gz|zst)$/, '')
    .replace(/\.(tar|tgz)$/, '')
  return place === file ? `${file}.files` : place
}
