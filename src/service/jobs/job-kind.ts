import type { z } from 'zod'
import type { Progress } from '#engine/sources/source.ts'
import type { LockRecord } from '#engine/repository/locks.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { StoredRun } from './runs.store.ts'

/** One claim of a job by a worker. Every write about it names the attempt, so that a fenced worker changes nothing. */
export interface Run<Order = unknown> {
  readonly id: string
  readonly kind: string
  readonly tenantId: string
  readonly systemId: string | null
  readonly repositoryId: string | null
  /** The backup or the restore that it is about. */
  readonly subjectId: string | null
  readonly title: string
  readonly order: Order
  /** From 1, and one more each time that somebody claims it. */
  readonly attempt: number
  /** What earlier attempts left to know. */
  readonly trail: Trail
  readonly createdBy: { readonly id: string | null; readonly name: string }
  readonly createdAt: Date
}

/** What a successor must know of an attempt that did not end by itself. JSON, without secrets. */
export interface Trail {
  /** Repository locks that may still stand. */
  readonly locks?: readonly string[]
  /** True while the work must be let finish when the service stops: a restore in its swap. */
  readonly isUninterruptible?: boolean
  readonly [name: string]: unknown
}

/** How it ended for good: a fault that is retried is not an end. */
export type Outcome<Output = unknown> =
  | { readonly kind: 'completed'; readonly output: Output }
  | { readonly kind: 'failed'; readonly fault: FaultRecord }
  | { readonly kind: 'cancelled'; readonly by: string }

/** A line of a password file of libpq; `*` fits everything. */
export interface DatabasePassword {
  readonly host: string
  readonly port: number | '*'
  readonly database: string
  readonly user: string
  readonly password: string
}

/** What the child is handed: over a channel that nobody else reads, never in its arguments or environment. */
export interface Prepared<Input> {
  /** JSON; may hold secrets. */
  readonly input: Input
  /** Become a password file that is there for this child alone, and as long as it lives. */
  readonly databasePasswords?: readonly DatabasePassword[]
}

/**
 * What the work itself is given, in a process of its own. It ends as soon as `signal` aborts, and leaves behind what
 * `trail` says.
 */
export interface WorkTools {
  readonly signal: AbortSignal
  readonly attempt: number
  readonly previousTrail: Trail
  readonly onProgress: (progress: Progress) => void
  /** A line of the run's log: no secrets, no patient data. */
  readonly log: (line: string, level?: 'info' | 'warning' | 'error') => void
  /** Adds to the trail; resolves once it is written down, rejects when somebody else has the job by now. */
  readonly trail: (patch: Trail) => Promise<void>
  /** For `openRepository` and `checkRepository`: their locks become part of the trail. */
  readonly lockRecord: LockRecord
}

/** `work/<kind>.work.ts` exports one of these as `work`. Knows the engine alone: neither catalog nor house. */
export type Work<Input, Output> = (input: Input, tools: WorkTools) => Promise<Output>

/** One kind of job, as data: `kinds/<kind>.ts`, and a line in `job-kinds.ts`. */
export interface JobKind<Order = unknown, Input = unknown, Output = unknown> {
  /** As `JobOrder.kind` and the catalog name it. */
  readonly name: string
  readonly order: z.ZodType<Order>
  /** Of what the work hands back. */
  readonly output: z.ZodType<Output>
  /** The module that the child loads. */
  readonly work: URL
  /** Somebody waits for it with the system standing still: it does not give way to other work of the machine. */
  readonly isPressing?: boolean
  /** When a worker has claimed it, in the transaction of the claim, in each attempt. */
  begin?(house: House, tx: Tx, run: Run<Order>): Promise<void>
  /** Reads the catalog and unseals secrets. A fault here is one of the job. */
  prepare(house: House, run: Run<Order>): Promise<Prepared<Input>>
  /** `completed` unless it says otherwise. */
  statusOf?(output: Output): 'completed' | 'completed_with_gaps'
  /** True for a fault of which `settle` tells people itself; of the others they are told that a job failed. */
  tellsItself?(fault: FaultRecord): boolean
  /** In the transaction that ends the run: what came of it goes where it belongs, with its event in the trail. */
  settle(house: House, tx: Tx, run: Run<Order>, outcome: Outcome<Output>): Promise<void>
}

/** Keeps the order, the work and what comes out of it of one type each: `jobKind<Order, typeof work>({ … })`. */
export function jobKind<Order, W extends Work<never, unknown>>(kind: JobKind<Order, Parameters<W>[0], Awaited<ReturnType<W>>>): AnyJobKind {
  return kind
}

/** A kind as the worker holds it, which parses the order and the output by the kind's own schemas before it hands them over. */
export type AnyJobKind = JobKind

/** A stored run as its kind takes it. An order that is not of this kind is a mistake of whoever gave it. */
export function knownRun(kind: AnyJobKind, row: StoredRun): Run {
  return {
    id: row.id,
    kind: row.kind,
    tenantId: row.tenant_id,
    systemId: row.system_id,
    repositoryId: row.repository_id,
    subjectId: row.subject_id,
    title: row.title,
    order: kind.order.parse(row.job_order),
    attempt: row.attempt,
    trail: row.trail,
    createdBy: { id: row.created_by_id, name: row.created_by },
    createdAt: row.created_at,
  }
}
