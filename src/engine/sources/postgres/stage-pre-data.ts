import { restoreSection } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

/** Schemas, extensions, types, functions, tables, views, large objects without their content, owners and grants. */
export async function restorePreData(work: StageWork, signal: AbortSignal): Promise<void> {
  work.options.onProgress?.({ stage: 'pre-data' })
  await restoreSection(work, 'pre-data', {}, signal)
  await restoreCatalog(work, signal)
}

/** What pg_dump does not carry, as the capture wrote it down. What the server refuses comes as a warning, and is noted. */
async function restoreCatalog(work: StageWork, signal: AbortSignal): Promise<void> {
  const sql = await readText(work, 'catalog.sql', signal)
  await using connection = await connectStage(work.stage, work.options.section, signal)
  connection.client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message !== undefined) work.notes.push(message)
  })
  await connection.query(sql)
}

async function readText(work: StageWork, name: string, signal: AbortSignal): Promise<string> {
  const content = await work.options.stored.file(name, signal)
  const parts: Uint8Array[] = []
  for await (const bytes of content.read(signal)) parts.push(bytes)
  return Buffer.concat(parts).toString('utf8')
}
