import { createReadStream, createWriteStream } from 'node:fs'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { startProgram } from '#host/run.ts'
import { backup } from '#engine/backup/backup.ts'
import { sandboxOwner, startDumpSandbox } from '#engine/sources/postgres/dump-sandbox.ts'
import { loadDump, scanDump } from '#engine/sources/postgres/load-dump.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { fileHash, type ArchiveFile } from './archive-file.ts'
import { formatOf, meter, type ImportedBackup, type Importing } from './import-archive.ts'

export type DumpFormat = 'plain' | 'custom' | 'tar' | 'directory'

/**
 * Loads a dump of pg_dump into a sandbox and backs that up: a backup with rows counted and hashed like any other, marked as
 * imported. It is read twice: what may not be is refused before a server is started. What could not be loaded is a gap.
 * Any failure leaves no backup behind.
 */
export async function importDump(
  repository: Repository,
  importing: Importing & { readonly format: DumpFormat },
  signal: AbortSignal,
): Promise<ImportedBackup> {
  const { file, order, format, instruments } = importing
  const name = order.name ?? 'database'
  await using scope = new AsyncDisposableStack()
  const hash = fileHash(meter('check', { file, instruments }))
  const folder = format === 'directory' ? await copiedFolder(file, hash.onRead, scope) : undefined
  const text = (onRead: (bytes: Uint8Array) => void) => textOf({ file, format, folder, onRead }, signal)
  const versions = await scanDump(text(folder === undefined ? hash.onRead : () => {}))
  const sandbox = scope.use(await startDumpSandbox(name, signal))
  const onBytes = meter('load', { file, instruments })
  const { gaps } = await loadDump(sandbox, { name, source: text((bytes) => onBytes(bytes.byteLength)) }, signal)
  await file.confirmUnchanged()
  const imported = {
    kind: 'dump',
    at: instruments.clock.now().toISOString(),
    file: file.name,
    sha256: hash.digest(),
    format: formatOf(file, format),
    versions,
  } as const
  return await backup(
    repository,
    {
      id: order.newId,
      system: order.system,
      purpose: 'regular',
      databases: [{ name, target: sandbox.target }],
      roots: [],
      settings: defaultSettings,
      compressionLevel: order.compressionLevel,
      imported,
      gaps,
    },
    instruments,
    signal,
  )
}

interface DumpReading {
  readonly file: ArchiveFile
  readonly format: DumpFormat
  /** The copy of a dump in directory format. */
  readonly folder: string | undefined
  readonly onRead: (bytes: Uint8Array) => void
}

/** A dump as SQL text. pg_restore writes it for the other formats, connected to nothing, as the user of the sandbox. */
function textOf({ file, format, folder, onRead }: DumpReading, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (format === 'plain') return file.bytes(signal, onRead)
  if (folder !== undefined) return restoredText(['--format=directory', folder], undefined, signal)
  return restoredText([`--format=${format}`], file.bytes(signal, onRead), signal)
}

async function* restoredText(
  args: readonly string[],
  input: AsyncIterable<Uint8Array> | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const program = path.join(assertFound(postgresPrograms('pg_restore')).folder, 'pg_restore')
  const restoring = startProgram(program, ['--file=-', ...args], { env: { LC_ALL: 'C' }, cwd: '/', signal, ...sandboxOwner() })
  const { stdin, stdout } = restoring.child
  if (!stdin || !stdout) throw new Error('pg_restore was started without an input and an output')
  // What is wrong with the input is thrown below; that pg_restore ended before its end is told by its exit code.
  const fed: Promise<unknown> = input ? pipeline(input, stdin).catch((error: unknown) => error) : Promise.resolve(stdin.end())
  let isRead = false
  try {
    for await (const bytes of stdout) yield bytes as Uint8Array
    isRead = true
  } finally {
    if (!isRead) restoring.child.kill('SIGTERM')
  }
  const [failure, { exitCode, stderr }] = [await fed, await restoring.end()]
  if (failure instanceof Fault) throw failure
  if (exitCode !== 0) throw new Fault('DUMP_INVALID', `pg_restore cannot read the dump: ${stderr.trim().slice(-500)}`)
}

/** Plain files of one level, as pg_dump writes them: anything else in the folder is not followed. */
async function copiedFolder(file: ArchiveFile, onRead: DumpReading['onRead'], scope: AsyncDisposableStack): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'integrum-dump-'))
  scope.defer(() => rm(copy, { recursive: true, force: true }))
  const owner = sandboxOwner()
  const names = (await readdir(file.place, { withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.name)
  const read = async function* (source: AsyncIterable<Buffer>) {
    for await (const bytes of source) {
      onRead(bytes)
      yield bytes
    }
  }
  for (const name of names.toSorted()) {
    onRead(Buffer.from(`${name}\n`, 'utf8'))
    await pipeline(createReadStream(path.join(file.place, name)), read, createWriteStream(path.join(copy, name)))
    if (owner) await chown(path.join(copy, name), owner.uid, owner.gid)
  }
  if (owner) await chown(copy, owner.uid, owner.gid)
  return copy
}
