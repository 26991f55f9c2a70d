import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import { fingerprintOf } from '#engine/repository/proof-key.ts'
import { noHash } from './audit-event.ts'
import { linesOf } from './lines.ts'
import { exportHeaderSchema, exportLineSchema, isTrue, type ExportHeader, type ExportLine } from './statements.ts'
import { TrailVerifier, type TrailReport } from './trail-verifier.ts'

export interface ExportReport extends TrailReport {
  readonly header: ExportHeader
  /** Of the key that signed the first line: compare it with what the installation shows. */
  readonly fingerprint: string
  readonly proves: readonly string[]
  readonly doesNotProve: readonly string[]
}

export interface ExportChecks {
  /** Of the key that must have signed it. */
  readonly fingerprint?: string | undefined
}

/** Verifies an exported trail with nothing but its bytes, a line at a time. INPUT_INVALID for what never was an export. */
export async function verifyExport(
  bytes: AsyncIterable<Uint8Array>,
  { fingerprint }: ExportChecks,
  signal: AbortSignal,
): Promise<ExportReport> {
  let reading: Reading | undefined
  let number = 0
  for await (const text of linesOf(bytes, limits.auditLineBytesMax)) {
    throwIfCancelled(signal)
    number += 1
    if (reading) reading.line(text, number)
    else reading = new Reading(parse(exportHeaderSchema, text, 'the first line of the export'), fingerprint)
  }
  if (!reading) throw new Fault('INPUT_INVALID', 'the export is empty')
  return reading.end()
}

class Reading {
  readonly #header: ExportHeader
  readonly #verifier: TrailVerifier
  #hasHead = false

  constructor(header: ExportHeader, fingerprint: string | undefined) {
    this.#header = header
    const { firstSeq, previousHash, installation, signature, keys } = header
    const isBelieved = isTrue(header)
    this.#verifier = new TrailVerifier({
      after: { seq: firstSeq - 1, hash: firstSeq === 1 ? noHash : previousHash },
      installation,
      publicKeys: isBelieved ? [signature.publicKey, ...keys] : [],
    })
    const found = fingerprintOf(signature.publicKey)
    if (!isBelieved) this.#verifier.find('statement', 'the first line was changed: its signature does not hold', firstSeq)
    else if (fingerprint !== undefined && fingerprint.toLowerCase() !== found)
      this.#verifier.find('key', `the export is signed by the key ${found}, not by ${fingerprint}`, firstSeq)
  }

  line(text: string, number: number): void {
    const next = this.#verifier.lastSeq + 1
    if (this.#hasHead) return this.#verifier.find('inserted', `line ${number} stands behind the end`, next)
    const line = parsedLine(text, number)
    if (typeof line === 'string') this.#verifier.find('edited', line, next)
    else this.#take(line)
  }

  end(): ExportReport {
    const { lastSeq, lastHash, signature } = this.#header
    const report = this.#verifier.report()
    if (report.lastSeq < lastSeq)
      this.#verifier.find(
        'truncated',
        `the export was made up to event ${lastSeq}, and ends with event ${report.lastSeq}`,
        report.lastSeq + 1,
      )
    else if (report.lastSeq > lastSeq)
      this.#verifier.find('inserted', `the export was made up to event ${lastSeq}, and goes on to event ${report.lastSeq}`, lastSeq + 1)
    else if (report.isWhole && report.lastHash !== lastHash)
      this.#verifier.find('rewritten', 'the last event is not the one that the export was made with', lastSeq)
    const final = this.#verifier.report()
    return {
      ...final,
      header: this.#header,
      fingerprint: fingerprintOf(signature.publicKey),
      ...reachOf(this.#header, final, this.#hasHead),
    }
  }

  #take(line: ExportLine): void {
    switch (line.kind) {
      case 'event':
        return this.#verifier.event(line)
      case 'other':
        return this.#verifier.other(line.seq, line.contentHash)
      case 'audit-checkpoint':
        return this.#verifier.checkpoint(line, 'the export')
      case 'audit-head':
        this.#hasHead = true
        return this.#verifier.head(line)
    }
  }
}

/** A sentence about what is wrong with it when it is no line of an export. */
function parsedLine(text: string, number: number): ExportLine | string {
  try {
    return parse(exportLineSchema, text, `line ${number}`)
  } catch (error) {
    if (!isFault(error, 'INPUT_INVALID')) throw error
    return error.message
  }
}

/** What an unchanged export says for certain, and what no export of its kind can. */
function reachOf(
  { firstSeq, lastSeq, tenants, from, to }: ExportHeader,
  { isWhole, events, others }: TrailReport,
  hasHead: boolean,
): Pick<ExportReport, 'proves' | 'doesNotProve'> {
  if (!isWhole) return { proves: [], doesNotProve: ['anything: the export is not as it was made'] }
  const proves = [
    `each of the ${events} events is as it was written, in its place among events ${firstSeq} to ${lastSeq} of the trail`,
    ...(hasHead ? [`event ${lastSeq} was the last one when the export was made`] : []),
  ]
  const doesNotProve = ['that the key is the one of your installation: compare its fingerprint']
  if (firstSeq > 1) doesNotProve.push(`what happened before event ${firstSeq}`)
  if (!hasHead) doesNotProve.push(`what happened after event ${lastSeq}`)
  if (others > 0)
    doesNotProve.push(
      `what ${others} events say, which are here by their hash alone${tenants === null ? '' : ', and that none of them is of the tenants asked for'}` +
        `${from === null && to === null ? '' : ', and that none of them lies in the time asked for'}`,
    )
  return { proves, doesNotProve }
}
