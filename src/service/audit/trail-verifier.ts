import { limits } from '#base/limits.ts'
import { fingerprintOf } from '#engine/repository/proof-key.ts'
import type { SignedCheckpoint } from '#engine/repository/checkpoints.ts'
import { contentHashOf, linkHash, noHash, type AuditEvent, type LinkedEvent } from './audit-event.ts'
import { isTrue, type SignedHead } from './statements.ts'

/** What is wrong, and with which event. */
export interface Finding {
  readonly kind: 'edited' | 'inserted' | 'missing' | 'truncated' | 'rewritten' | 'statement' | 'key'
  /** The first event that it is about; its id and time when it is there. */
  readonly seq: number
  readonly id: string | null
  readonly at: string | null
  readonly fact: string
}

export interface SigningKey {
  readonly publicKey: string
  readonly fingerprint: string
}

export interface TrailReport {
  readonly isWhole: boolean
  readonly events: number
  /** Events that are there by their hash alone. */
  readonly others: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly lastHash: string
  readonly checkpoints: number
  readonly keys: SigningKey[]
  /** The first ones, in the order of the trail. */
  readonly findings: Finding[]
  readonly findingCount: number
}

export interface VerifierOptions {
  /** Whose trail it is, and the keys that sign for it. */
  readonly installation: string
  readonly publicKeys: readonly string[]
  /** Where it begins; with the first event when absent. */
  readonly after?: { readonly seq: number; readonly hash: string }
  /** For whoever has the installation's secrets: what each event's stamp must be. */
  readonly stamp?: (hash: string) => string
}

interface Place {
  readonly seq: number
  readonly hash: string
  readonly id: string | null
  readonly at: string | null
  /** By its hash alone. */
  readonly isOther: boolean
  /** Something is wrong with it already: what follows from that is not told again. */
  readonly isBlamed: boolean
}

/** Events go in one after the other, statements behind the event that they are about; what is wrong comes out. Holds no event. */
export class TrailVerifier {
  readonly #options: VerifierOptions
  readonly #first: number
  readonly #findings: Finding[] = []
  readonly #believed: Set<string>
  #findingCount = 0
  #before: Place | undefined
  #last: Place
  /** The event before `#last` and it do not fit: the next one tells which of them was written anew. */
  #doubt: Place | undefined
  #checkpoints = 0
  #lastGood: number
  #events = 0
  #others = 0

  constructor(options: VerifierOptions) {
    this.#options = options
    const { seq, hash } = options.after ?? { seq: 0, hash: noHash }
    this.#last = { seq, hash, id: null, at: null, isOther: true, isBlamed: false }
    this.#first = seq + 1
    this.#lastGood = seq
    this.#believed = new Set(options.publicKeys)
  }

  get lastSeq(): number {
    return this.#last.seq
  }

  event({ event, previousHash, hash }: LinkedEvent, stamp?: string): void {
    const { seq, id, at } = event
    const place = { seq, hash, id, at, isOther: false }
    this.#events += 1
    this.#settleDoubt(previousHash)
    const isInPlace = this.#checkSeq(place)
    const fact = this.#wrongWith({ event, previousHash, hash }, stamp)
    if (fact !== undefined) this.#find('edited', place, fact)
    else if (isInPlace && previousHash !== this.#last.hash && !this.#last.isBlamed) this.#doubtAt(event, previousHash)
    this.#go({ ...place, isBlamed: fact !== undefined })
  }

  other(seq: number, contentHash: string): void {
    this.#others += 1
    const isInPlace = this.#checkSeq({ seq, id: null, at: null })
    const hash = linkHash(this.#last.hash, contentHash)
    this.#go({ seq, hash, id: null, at: null, isOther: true, isBlamed: !isInPlace || this.#last.isBlamed })
  }

  /** From the trail itself, or a copy out of a repository. Behind the event that it is about, or the last one before that. */
  checkpoint(checkpoint: SignedCheckpoint, source = 'the trail'): void {
    this.#checkpoints += 1
    const what = `the checkpoint of event ${checkpoint.seq} (${checkpoint.at}) in ${source}`
    if (!this.#believes(checkpoint, what)) return
    if (checkpoint.seq > this.#last.seq) return this.#findEnd(checkpoint.seq, what)
    if (checkpoint.seq === this.#last.seq && this.#compareEnd(checkpoint, what)) this.#lastGood = checkpoint.seq
  }

  /** Last of all. */
  head(head: SignedHead): void {
    const what = 'the signed end of the trail'
    if (!this.#believes(head, what)) return
    if (head.seq > this.#last.seq) return this.#findEnd(head.seq, what)
    if (head.seq < this.#last.seq) {
      const { id, at } = this.#last
      return this.#find(
        'inserted',
        { seq: head.seq + 1, id: head.seq + 1 === this.#last.seq ? id : null, at },
        `events stand behind ${what}`,
      )
    }
    this.#compareEnd(head, what)
  }

  /** Something that only its caller can know. */
  find(kind: Finding['kind'], fact: string, seq = this.#last.seq): void {
    this.#find(kind, { seq, id: null, at: null }, fact)
  }

  report(): TrailReport {
    if (this.#doubt) this.#settleDoubt(undefined)
    return {
      isWhole: this.#findingCount === 0,
      events: this.#events,
      others: this.#others,
      firstSeq: this.#first,
      lastSeq: this.#last.seq,
      lastHash: this.#last.hash,
      checkpoints: this.#checkpoints,
      keys: [...this.#believed].map((publicKey) => ({ publicKey, fingerprint: fingerprintOf(publicKey) })),
      findings: this.#findings.toSorted((a, b) => a.seq - b.seq),
      findingCount: this.#findingCount,
    }
  }

  #wrongWith({ event, previousHash, hash }: LinkedEvent, stamp: string | undefined): string | undefined {
    if (linkHash(previousHash, contentHashOf(event)) !== hash) return 'it is not what was written: its fields do not give its hash'
    if (this.#options.stamp && stamp !== this.#options.stamp(hash)) return 'the service did not write it: its stamp does not hold'
    return undefined
  }

  #checkSeq({ seq, id, at }: Pick<Place, 'seq' | 'id' | 'at'>): boolean {
    const { seq: last, id: lastId } = this.#last
    if (seq === last + 1) return true
    if (seq <= last) {
      this.#find('inserted', { seq, id, at }, `it stands behind event ${last}`)
      return false
    }
    const many = seq - last - 1
    const names = many === 1 ? `event ${last + 1} is` : `events ${last + 1} to ${seq - 1} are`
    const between = `between ${lastId === null ? `event ${last}` : `event ${last} (${lastId})`} and event ${seq}${id === null ? '' : ` (${id})`}`
    this.#find('missing', { seq: last + 1, id: null, at: null }, `${names} missing ${between}`)
    return false
  }

  /** A hash that does not fit, where each event by itself does. */
  #doubtAt({ seq, id, at }: AuditEvent, previousHash: string): void {
    if (!this.#before) this.#find('edited', { seq, id, at }, 'it is not chained to what the trail begins behind')
    else if (this.#last.isOther)
      this.#find('rewritten', this.#last, 'the hashes that stand for the events before it are not those of the trail')
    else if (previousHash === this.#before?.hash) this.#find('inserted', this.#last, 'the event after it was chained to the one before it')
    else this.#doubt = this.#last
  }

  #settleDoubt(nextPreviousHash: string | undefined): void {
    if (!this.#doubt) return
    const isLastConfirmed = nextPreviousHash === this.#last.hash
    const wrong = isLastConfirmed || nextPreviousHash === undefined ? this.#doubt : this.#last
    this.#find('edited', wrong, 'it was written anew: its neighbours are chained to another event')
    if (wrong === this.#last) this.#last = { ...this.#last, isBlamed: true }
    this.#doubt = undefined
  }

  #believes(statement: SignedHead | SignedCheckpoint, what: string): boolean {
    const { installation, signature } = statement
    const place = { seq: statement.seq, id: null, at: null }
    if (installation !== this.#options.installation) {
      this.#find('statement', place, `${what} is of another installation`)
      return false
    }
    if (!isTrue(statement)) {
      this.#find('statement', place, `${what} was changed: its signature does not hold`)
      return false
    }
    if (this.#believed.has(signature.publicKey)) return true
    this.#find('key', place, `${what} is signed by a key that is not one of this installation: ${fingerprintOf(signature.publicKey)}`)
    return false
  }

  #findEnd(seq: number, what: string): void {
    const { seq: last, id, at } = this.#last
    const end = id === null ? `event ${last}` : `event ${last} (${id}, ${at})`
    this.#find('truncated', { seq: last + 1, id: null, at: null }, `${what} speaks of event ${seq}, and the trail ends with ${end}`)
  }

  /** True when it is as it was signed. */
  #compareEnd({ seq, hash }: { readonly seq: number; readonly hash: string }, what: string): boolean {
    if (this.#doubt) this.#settleDoubt(hash)
    if (hash === this.#last.hash) return true
    const isToldAlready = this.#last.isBlamed || this.#findings.some((finding) => finding.seq > this.#lastGood)
    if (isToldAlready) return false
    const first = this.#lastGood + 1
    const names = first === seq ? `event ${seq} is` : `events ${first} to ${seq} are`
    this.#find(
      'rewritten',
      { ...this.#last, seq: first, ...(first !== seq && { id: null, at: null }) },
      `${names} not those that ${what} was signed for`,
    )
    return false
  }

  #find(kind: Finding['kind'], { seq, id, at }: Pick<Place, 'seq' | 'id' | 'at'>, fact: string): void {
    this.#findingCount += 1
    if (this.#findings.length < limits.auditFindingsMax) this.#findings.push({ kind, seq, id, at, fact })
  }

  #go(place: Place): void {
    this.#before = this.#last
    this.#last = place
  }
}
