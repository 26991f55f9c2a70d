import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { hostFault, replaceDurably } from '#host/durable.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import { findBackup } from '#engine/backup/backups.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { compareContent } from '#engine/sources/files/compare-content.ts'
import { CompareThreads } from '#engine/sources/files/compare-threads.ts'
import {
  arrange,
  dressFolder,
  fileIdentitySchema,
  fillSlot,
  identityAt,
  isSameFile,
  makeFolder,
  missingFolders,
  removeFolder,
  standing,
  syncSlots,
  type FileSlot,
  type FolderDress,
} from '#engine/sources/files/file-slots.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { ChangeSet } from './change-set.ts'
import { fileChangeSchema, type ChangedRoot, type FileChange } from './changed-files.ts'
import { nodeDigest, storedFiles } from './plan-files.ts'

const byteText = z.string().transform((text) => text as ByteString)

const madeSchema = z.object({
  roots: z.array(
    z.object({
      name: z.string(),
      /** As the changes are listed: what was made in the slot of each. */
      made: z.array(fileIdentitySchema.nullable()),
      /** Directories that were missing, outermost first, with what the backup says of them. */
      folders: z.array(
        z.object({
          path: byteText,
          mode: z.number().int(),
          uid: z.number().int(),
          gid: z.number().int(),
          mtimeNs: z.string(),
          atimeNs: z.string(),
          xattrs: z.array(z.object({ name: byteText, hex: z.string() })),
        }),
      ),
    }),
  ),
  notes: z.array(z.string()),
})
type Made = z.infer<typeof madeSchema>
type MadeFolder = Made['roots'][number]['folders'][number]

const madeFile = 'files-made.json'

interface Kept {
  readonly folder: string
  readonly changeSet: ChangeSet
}

const rootsWith = ({ changeSet }: Kept) => changeSet.files.filter(({ file }) => file !== null)

/**
 * Makes every file that is to be added or to replace another one, in a folder of ours on the same file system, reads each back and
 * compares it with the backup. Nothing live is touched. PLAN_STALE when the backup has another file there than was planned.
 */
export async function stageRecordFiles(repository: Repository | undefined, kept: Kept, signal: AbortSignal): Promise<void> {
  const roots = rootsWith(kept)
  if (roots.length === 0) return
  if (!repository) throw new Fault('USAGE', 'the change set has files: give the repository that they come from')
  const made: Made = { roots: [], notes: [] }
  await repository.reading(async () => {
    for (const root of roots) made.roots.push(await stageRoot(repository, { kept, root, notes: made.notes }, signal))
  }, signal)
  await replaceDurably(path.join(kept.folder, madeFile), `${JSON.stringify(made)}\n`, 0o600)
}

interface StagingRoot {
  readonly kept: Kept
  readonly root: ChangedRoot
  readonly notes: string[]
}

async function stageRoot(repository: Repository, { kept, root, notes }: StagingRoot, signal: AbortSignal): Promise<Made['roots'][number]> {
  const changes = await changesOf(kept, root)
  const wanted = new Map(
    changes.flatMap((change, at) => (change.node === null ? [] : [[change.path, { at, digest: change.node }] as const])),
  )
  const { backup } = kept.changeSet
  const found = await findBackup(repository, backup.id, { now: new Date(backup.at) }, signal)
  const stored = await storedSource(repository, found, `files/${root.name}`, signal)
  const missing = new Set(changes.flatMap((change) => (change.change === 'add' ? missingFolders(root.path, change.path) : [])))
  try {
    await mkdir(root.slots, { mode: 0o700 })
  } catch (error) {
    throw hostFault(error, `cannot make ${root.slots} for the files of the change set`)
  }
  const made: Made['roots'][number] = { name: root.name, made: changes.map(() => null), folders: [] }
  await using threads = new CompareThreads()
  const onFolder = (at: ByteString, node: TreeNode) => void (missing.has(at) && made.folders.push(folderOf(at, node)))
  for await (const { path: at, node, content } of storedFiles(stored, signal, onFolder)) {
    const asked = wanted.get(at)
    if (!asked) continue
    if (nodeDigest(node) !== asked.digest)
      throw new Fault('PLAN_STALE', `the backup has another file ${printBytesName(at)} than the plan says`)
    const slot = slotOf(root, asked.at)
    const lacking = await fillSlot(slot, { node, content }, signal)
    if (lacking.length > 0) notes.push(`${root.name}/${printBytesName(at)}: not restored: ${lacking.join(', ')}`)
    const wrong = content && (await compareContent(slot, content, { threads, signal }))
    if (wrong) throw new Fault('RESTORE_VERIFY', `${printBytesName(at)} as it was written ${wrong}`, { root: root.name })
    made.made[asked.at] = identityAt(slot)
  }
  const lost = changes.findIndex((change, at) => change.node !== null && made.made[at] === null)
  if (lost !== -1)
    throw new Fault('FILE_NOT_IN_BACKUP', `the backup has no file ${printBytesName(changes[lost]!.path)}`, { root: root.name })
  await syncSlots(root.slots)
  return made
}

function folderOf(at: ByteString, { mode, uid, gid, mtimeNs, atimeNs, xattrs = [] }: TreeNode): MadeFolder {
  const attributes = xattrs.map(({ name, value }) => ({ name, hex: Buffer.from(value).toString('hex') }))
  return { path: at, mode, uid, gid, mtimeNs: String(mtimeNs), atimeNs: String(atimeNs), xattrs: attributes }
}

interface OpenedRoot {
  readonly root: ChangedRoot
  readonly slots: readonly FileSlot[]
  readonly folders: readonly MadeFolder[]
}

function dressOf({ mode, uid, gid, mtimeNs, atimeNs, xattrs }: MadeFolder): FolderDress {
  const attributes = xattrs.map(({ name, hex }) => ({ name, value: Buffer.from(hex, 'hex') }))
  return { mode, uid, gid, mtimeNs: BigInt(mtimeNs), atimeNs: BigInt(atimeNs), xattrs: attributes }
}

/** What a COMMIT decides: before it only what is new is put where nothing stands, after it everything else (SAFETY rule 31). */
export class RecordFiles {
  readonly #kept: Kept
  readonly #roots: readonly OpenedRoot[]
  /** What this user, or the file system, could not give to a file. */
  readonly notes: readonly string[]

  private constructor(kept: Kept, roots: readonly OpenedRoot[], notes: readonly string[]) {
    this.#kept = kept
    this.#roots = roots
    this.notes = notes
  }

  /** Of a change set whose files were staged; without files it has nothing to do. */
  static async open(kept: Kept): Promise<RecordFiles> {
    const file = path.join(kept.folder, madeFile)
    const made = existsSync(file) ? parse(madeSchema, await readFile(file, 'utf8'), file, 'RESTORE_STATE') : { roots: [], notes: [] }
    const roots: OpenedRoot[] = []
    for (const root of rootsWith(kept)) {
      const ours = made.roots.find(({ name }) => name === root.name)
      if (!ours) continue
      const changes = await changesOf(kept, root)
      const slots = changes.map(({ path: at, before }, index) => ({
        root: root.path,
        path: at,
        slot: slotOf(root, index),
        before,
        after: ours.made[index] ?? null,
      }))
      roots.push({ root, slots, folders: ours.folders })
    }
    return new RecordFiles(kept, roots, made.notes)
  }

  /** Every path still looks as it did when the plan was made (`before`), or as the restore left it (`after`). */
  assertStanding(side: 'before' | 'after'): void {
    for (const { root, slots } of this.#roots) {
      const changed = slots.filter((slot) => !isSameFile(standing(slot), slot[side]))
      const [first] = changed
      if (!first) continue
      const which = `${changed.length} files of ${root.name} (first ${printBytesName(first.path)})`
      if (side === 'after') throw new Fault('ENTITY_UNDO_CONFLICT', `${which} were written after the restore`, { root: root.name })
      throw new Fault('PLAN_STALE', `${which} were written after the change set was made`, { root: root.name })
    }
  }

  /** Files that come where nothing stands. Whatever fails takes them back with everything else. */
  async placeNew(goal: 'before' | 'after'): Promise<void> {
    for (const { root, slots, folders } of this.#roots) {
      if (goal === 'after') for (const folder of folders) makeFolder(root.path, folder.path)
      for (const slot of slots) if (isNew(slot, goal)) this.#assertDone(await arrange(slot, goal), slot)
    }
  }

  /** Everything else. Returns paths at which something stands that nobody knows: they are left alone. */
  async finish(goal: 'before' | 'after'): Promise<string[]> {
    const left: string[] = []
    for (const { root, slots, folders } of this.#roots) {
      for (const slot of slots) if (!(await arrange(slot, goal))) left.push(`${root.name}/${printBytesName(slot.path)}`)
      // Everything stands in them by now, which changes their times no more.
      if (goal === 'after') for (const folder of folders.toReversed()) await dressFolder(root.path, folder.path, dressOf(folder))
      else for (const folder of folders.toReversed()) await removeFolder(root.path, folder.path)
    }
    return left
  }

  /** Gives up what waits in the slots. */
  async remove(): Promise<void> {
    for (const { slots } of this.#kept.changeSet.files) await rm(slots, { recursive: true, force: true })
  }

  #assertDone(isDone: boolean, { path: at }: FileSlot): void {
    if (!isDone) throw new Fault('PLAN_STALE', `something stands at ${printBytesName(at)} since the change set was made`)
  }
}

const isNew = ({ before, after }: FileSlot, goal: 'before' | 'after') =>
  (goal === 'after' ? before : after) === null && (goal === 'after' ? after : before) !== null

const slotOf = ({ slots }: ChangedRoot, index: number) => Buffer.from(path.join(slots, String(index).padStart(7, '0')), 'utf8')

export async function changesOf({ folder }: Pick<Kept, 'folder'>, { file }: ChangedRoot): Promise<FileChange[]> {
  const changes: FileChange[] = []
  if (file === null) return changes
  const lines = createInterface({ input: createReadStream(path.join(folder, file)), crlfDelay: Infinity })
  for await (const line of lines) changes.push(parse(fileChangeSchema, line, `a change in ${file}`, 'PLAN_INVALID'))
  return changes
}
