import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { errnoOf, Fault } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { audit } from '#contract/audit.ts'
import type { CommandContext } from '#cli/command.ts'
import type { ServerOptions } from '#cli/server.ts'
import { clientFor } from './connection.ts'

export interface TrailListOptions extends ServerOptions {
  readonly page: number
  readonly search?: string
  readonly outcome?: 'done' | 'refused'
}

export async function listTrail(options: TrailListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { page, search, outcome } = options
  const query = { page, pageSize: 50, ...(search !== undefined && { search }), ...(outcome !== undefined && { outcome }) }
  const found = await client.call(audit.list, { query, signal })
  if (found.total === 0) output.note('No event fits.')
  for (const { seq, at, actorName, action, outcome: end, subjectName, reason } of found.rows) {
    output.line(
      `${seq}  ${at}  ${actorName}  ${action}  ${end}${subjectName === null ? '' : `  ${subjectName}`}${reason === null ? '' : `: ${reason}`}`,
    )
  }
  output.result({ status: 'completed', ...found })
}

export interface TrailExportOptions extends ServerOptions {
  readonly out: string
  readonly from?: string
  readonly to?: string
}

/** A file of that name is never written over: it may be the evidence of somebody else. */
export async function exportTrail(options: TrailExportOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { out, from, to } = options
  const response = await client.open(audit.export, {
    query: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    signal,
  })
  if (response.body === null) throw new Fault('SERVICE_REPLY', 'the service sent no export')
  try {
    // What fetch gives and what Node's streams take are one type under two names.
    const body = response.body as ReadableStream<Uint8Array>
    await pipeline(Readable.fromWeb(body), createWriteStream(out, { flags: 'wx', mode: 0o640 }), { signal })
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw new Fault('ARCHIVE_EXISTS', `${out} is there already`, { file: out }, { cause: error })
    throw errnoOf(error) === undefined ? error : hostFault(error, `cannot write the export to ${out}`)
  }
  output.line(`Exported to ${out}. Anybody can verify it: integrum audit verify ${out}`)
  output.result({ status: 'completed', out })
}
