import { Fault } from '#base/fault.ts'
import { printBytes } from '#base/units.ts'
import { backups, type BackupType } from '#contract/backups.ts'
import type { CommandContext } from '#cli/command.ts'
import { selectionOf, type SelectionOptions } from '#cli/entity-options.ts'
import { clientFor } from './connection.ts'
import type { ServerOptions } from '#cli/server.ts'
import { follow, reportJob } from './follow.ts'
import { systemNamed } from './systems.ts'

export interface OnlineBackupOptions extends ServerOptions, SelectionOptions {
  readonly system: string
  readonly type?: BackupType
  readonly compression: number
  readonly name?: string
  readonly description?: string
}

/** What a service backs up stands in its catalog: sources and settings are not given again. */
const notWithServer = ['database', 'files', 'settings'] as const

export async function backupOnline(
  options: OnlineBackupOptions & Partial<Record<(typeof notWithServer)[number], unknown>>,
  context: CommandContext,
): Promise<void> {
  const given = notWithServer.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw new Fault('USAGE', `--${given} does not go with --server: the service knows the sources of ${options.system}`)
  const { output, signal } = context
  const client = await clientFor(options)
  const system = await systemNamed(client, options.system, signal)
  const { name, description, compression: compressionLevel, type = typeOf(system) } = options
  const selection = await selectionOf(options)
  const body = {
    systemId: system.id,
    type,
    compressionLevel,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(selection && { selection }),
  }
  const { backupId, runId } = await client.call(backups.create, { body, signal })
  const job = await follow(client, runId, context)
  const made = await client.call(backups.details, { params: { id: backupId }, signal })
  output.line(`  backup     ${backupId}  ${made.name}`)
  if (made.fileSizeBytes !== null)
    output.line(
      `  holds      ${printBytes(made.fileSizeBytes)}${made.fileSizeCompressed === null ? '' : `, stored as ${printBytes(made.fileSizeCompressed)}`}`,
    )
  for (const gap of made.manifest?.gaps ?? []) output.line(`  GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  reportJob(job, context, { backup: backupId, name: made.name, snapshot: made.snapshot, checksum: made.checksum, gaps: made.gapCount })
}

function typeOf({ databases, roots }: { readonly databases: readonly unknown[]; readonly roots: readonly unknown[] }): BackupType {
  if (databases.length === 0) return 'files'
  return roots.length === 0 ? 'database' : 'full'
}
