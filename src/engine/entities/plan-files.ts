import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { SystemSettings } from '#base/settings.ts'
import { printCounted } from '#base/units.ts'
import { hostFault } from '#host/durable.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { compareContent } from '#engine/sources/files/compare-content.ts'
import { CompareThreads } from '#engine/sources/files/compare-threads.ts'
import { exclusionOf } from '#engine/sources/files/exclusions.ts'
import { identityAt, type FileIdentity } from '#engine/sources/files/file-slots.ts'
import { openRoot } from '#engine/sources/files/open-root.ts'
import { ownName } from '#engine/sources/files/own-names.ts'
import { surveyRoot } from '#engine/sources/files/survey.ts'
import { visitTree } from '#engine/sources/files/visit-tree.ts'
import type { StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { ChangePolicy } from './change-set.ts'
import type { EntityFiles } from './entity-files.ts'
import type { ChangedRoot, FileChange } from './changed-files.ts'
import type { PathSelection } from './path-selection.ts'

interface RecordFilesOrder {
  readonly past: EntityFiles
  readonly present: EntityFiles
  readonly order: {
    readonly opened: OpenedBackup
    readonly settings: SystemSettings
    readonly policy: ChangePolicy
    readonly roots: readonly { readonly name: string; readonly path: string }[]
    readonly folder: string
  }
  readonly restore: string
}

/** The files of a record, below every root that settings speak of and that the backup has. */
export async function planRecordFiles(
  repository: Repository,
  { past, present, order, restore }: RecordFilesOrder,
  signal: AbortSignal,
): Promise<{ readonly roots: ChangedRoot[]; readonly warnings: string[] }> {
  const { opened, settings, policy, folder } = order
  const roots: ChangedRoot[] = []
  const warnings: string[] = [...past.refused, ...present.refused].map(
    ({ root, what, count }) => `${count} values of ${what} are no path below ${root}: they name no file`,
  )
  for (const name of [...new Set([...past.roots.keys(), ...present.roots.keys()])].toSorted()) {
    const live = order.roots.find((root) => root.name === name)
    if (!live || !opened.manifest.roots.some((root) => root.name === name)) {
      warnings.push(
        `files below ${name} belong to the record, and ${live ? 'the backup has none of them' : 'no directory is given for them'}: they are left alone`,
      )
      continue
    }
    // A copy names the same files as the row beside which it stands, and what is live is left alone.
    const changed = policy.asCopy ? 'copy' : policy.changed
    const added = policy.asCopy ? 'live' : policy.added
    const root = {
      name,
      path: live.path,
      exclude: settings.exclude[name] ?? [],
      past: past.roots.get(name),
      present: present.roots.get(name),
    }
    const file = path.join('files', `${name}.jsonl`)
    roots.push(await planFiles(repository, { ...root, policy: { changed, added } }, { opened, restore, folder, file }, signal))
  }
  return { roots, warnings }
}

export function lossOfFiles({ name, replaces, removes }: ChangedRoot): string[] {
  return [
    ...(removes > 0 ? [`${printCounted(removes, 'file')} below ${name}, come since the backup, would be taken away`] : []),
    ...(replaces > 0 ? [`${printCounted(replaces, 'file')} below ${name} would be as in the backup again`] : []),
  ]
}

export interface RootFiles {
  readonly name: string
  /** The live directory. */
  readonly path: string
  readonly exclude: readonly string[]
  /** What belongs to the record in the backup, and what does now; undefined when no setting speaks of the root. */
  readonly past: PathSelection | undefined
  readonly present: PathSelection | undefined
  readonly policy: { readonly changed: 'backup' | 'live' | 'copy'; readonly added: 'backup' | 'live' }
}

interface PlanFilesOrder {
  readonly opened: OpenedBackup
  readonly restore: string
  /** Of the change set. */
  readonly folder: string
  /** Below it, for the list of this root's changes. */
  readonly file: string
}

/** Lays the files of a record in the backup beside the live ones, content included, and writes down what would be changed. */
export async function planFiles(
  repository: Repository,
  root: RootFiles,
  { opened, restore, folder, file }: PlanFilesOrder,
  signal: AbortSignal,
): Promise<ChangedRoot> {
  const stored = await storedSource(repository, opened.backup, opened.folderOf('files', root.name), signal)
  const survey = await surveyRoot(root.path, signal)
  await using threads = new CompareThreads()
  const comparison = new FilesComparison(root, survey.path, threads)
  await comparison.takeBackup(stored, signal)
  await comparison.takeLive(signal)
  const { changes, counts } = comparison
  const slots = path.join(survey.isMountPoint ? survey.path : path.dirname(survey.path), ownName(hexOf(restore), 'kept'))
  const text = changes.map((change) => `${JSON.stringify(change)}\n`).join('')
  if (changes.length === 0) return { name: root.name, path: survey.path, slots, ...counts, file: null, sha256: null }
  try {
    await writeFile(path.join(folder, file), text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw hostFault(error, `cannot write ${file} of the change set`)
  }
  return { name: root.name, path: survey.path, slots, ...counts, file, sha256: createHash('sha256').update(text).digest('hex') }
}

function hexOf(restore: string): string {
  return restore.replaceAll('-', '').slice(0, 12)
}

/** Everything of a node that a restored file has to have. */
export function nodeDigest(node: TreeNode): string {
  const { type, mode, uid, gid, mtimeNs, sizeBytes, linkTarget, content, xattrs } = node
  const said = [type, mode, uid, gid, String(mtimeNs), sizeBytes, linkTarget ?? null, content ?? null]
  const attributes = (xattrs ?? []).map(({ name, value }) => [name, Buffer.from(value).toString('hex')])
  return createHash('sha256')
    .update(JSON.stringify([said, attributes]))
    .digest('hex')
}

/** Each entry of a stored tree but directories, with its path; directories go to `folder`. */
export async function* storedFiles(stored: StoredSource, signal: AbortSignal, folder?: (path: ByteString, node: TreeNode) => void) {
  const parts: string[] = []
  for await (const entry of stored.walk(signal)) {
    if (entry.kind === 'leave') {
      parts.pop()
      continue
    }
    const at = [...parts, entry.node.name].join('/') as ByteString
    if (entry.kind === 'enter') {
      parts.push(entry.node.name)
      folder?.(at, entry.node)
    } else yield { path: at, node: entry.node, content: entry.kind === 'file' ? entry.content : undefined }
  }
}

interface FilesCounts {
  adds: number
  replaces: number
  removes: number
  unchanged: number
  bytes: number
  sharedDifferent: number
  notRestored: number
}

class FilesComparison {
  readonly changes: FileChange[] = []
  readonly counts: FilesCounts = { adds: 0, replaces: 0, removes: 0, unchanged: 0, bytes: 0, sharedDifferent: 0, notRestored: 0 }
  readonly #root: RootFiles
  readonly #place: string
  readonly #threads: CompareThreads
  /** Paths that the backup has and the record may have by now. */
  readonly #inBackup = new Set<ByteString>()

  constructor(root: RootFiles, place: string, threads: CompareThreads) {
    this.#root = root
    this.#place = place
    this.#threads = threads
  }

  async takeBackup(stored: StoredSource, signal: AbortSignal): Promise<void> {
    const { past, present } = this.#root
    for await (const { path: at, node, content } of storedFiles(stored, signal)) {
      if (present?.isSelected(at)) this.#inBackup.add(at)
      if (!past?.isSelected(at)) continue
      if (node.type !== 'file' && node.type !== 'symlink') this.counts.notRestored += 1
      else await this.#compare(at, { node, content, isOwn: past.isOwn(at) }, signal)
    }
  }

  /** Live files of the record that the backup knows nothing of. */
  async takeLive(signal: AbortSignal): Promise<void> {
    const { present, policy, exclude } = this.#root
    if (!present || policy.added === 'live') return
    const isExcluded = exclusionOf(exclude)
    const found: ByteString[] = []
    using handle = (await openRoot(this.#place)).handle
    await visitTree(
      handle,
      (at, entry) => {
        if (!entry || !(entry.isFile() || entry.isSymbolicLink())) return
        if (present.isOwn(at) && !this.#inBackup.has(at) && !isExcluded(at)) found.push(at)
      },
      { signal },
    )
    for (const at of found) this.#add({ path: at, change: 'remove', before: identityAt(this.#live(at)), node: null }, 0)
  }

  async #compare(at: ByteString, { node, content, isOwn }: Stored, signal: AbortSignal): Promise<void> {
    const live = this.#live(at)
    const before = identityAt(live)
    if (before === null) return this.#add({ path: at, change: 'add', before: null, node: nodeDigest(node) }, node.sizeBytes)
    if (await this.#isSame(live, { node, content, before }, signal)) this.counts.unchanged += 1
    else if (!isOwn || this.#root.policy.changed === 'copy') this.counts.sharedDifferent += 1
    else if (this.#root.policy.changed === 'live') this.counts.unchanged += 1
    else this.#add({ path: at, change: 'replace', before, node: nodeDigest(node) }, node.sizeBytes)
  }

  /** By every byte where size and time are the same; a file that is younger or longer is another one without being read. */
  async #isSame(live: Buffer, { node, content, before }: Omit<Stored, 'isOwn'> & { readonly before: FileIdentity }, signal: AbortSignal) {
    if (before.mtimeNs !== String(node.mtimeNs)) return false
    if (!content) return node.type === 'symlink'
    return (
      before.sizeBytes === String(node.sizeBytes) && (await compareContent(live, content, { threads: this.#threads, signal })) === undefined
    )
  }

  #add(change: FileChange, bytes: number): void {
    this.changes.push(change)
    this.counts[({ add: 'adds', replace: 'replaces', remove: 'removes' } as const)[change.change]] += 1
    this.counts.bytes += bytes
  }

  #live(at: ByteString): Buffer {
    return Buffer.concat([Buffer.from(`${this.#place}/`, 'utf8'), Buffer.from(at, 'latin1')])
  }
}

interface Stored {
  readonly node: TreeNode
  readonly content: StoredFileContent | undefined
  readonly isOwn: boolean
}
