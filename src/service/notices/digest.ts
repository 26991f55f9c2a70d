import { everything, within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { nextDigest } from './channels.ts'
import { lockDueDigests, updateChannel, type StoredChannel } from './channels.store.ts'
import type { Message } from './channel-kind.ts'
import { readDigest, type DigestContent } from './digest.store.ts'
import { insertDelivery } from './deliveries.store.ts'
import { printed, withoutTyped } from './message.ts'

const digestsAtOnceMax = 20

interface Window {
  readonly since: Date
  readonly until: Date
}

/** Makes each digest that is due: once, of all that was since the one before, also after a time without any service. */
export async function makeDigests(house: House): Promise<void> {
  await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    for (const channel of await lockDueDigests(tx, now, digestsAtOnceMax)) {
      await insertDelivery(tx, {
        id: house.random.uuid(),
        tenant_id: channel.tenant_id,
        channel_id: channel.id,
        notice_id: null,
        message: JSON.stringify(await digestOf(house, channel, now)),
        status: 'pending',
        next_try_at: now,
        created_at: now,
      })
      await updateChannel(tx, channel.id, { digest_since: now, digest_next_at: nextDigest(channel.digest!, now) })
    }
  })
}

/** In a transaction of the channel's own scope: the digest of a tenant knows of nobody else's. */
async function digestOf({ catalog, config }: House, channel: StoredChannel, until: Date): Promise<Message> {
  const window = { since: channel.digest_since!, until }
  const scope = channel.tenant_id === null ? everything : within(channel.tenant_id)
  return digestMessage(await catalog.as(scope, (tx) => readDigest(tx, window)), window, config.publicUrl)
}

export function digestMessage(content: DigestContent, { since, until }: Window, publicUrl?: string): Message {
  const failures = content.ended.filter(({ status }) => status === 'failed').reduce((sum, { count }) => sum + count, 0)
  const state = `${counted(failures, 'failure')}, ${counted(content.openCount, 'open alert')}`
  return {
    severity: 'info',
    subject: `[Integrum] Daily report: ${state}`,
    lines: [
      `From ${printed(since)} to ${printed(until)}: ${state}.`,
      ...section(
        'What ran',
        content.ended.map(({ kind, status, count }) => `${kind}: ${count} ${status.replaceAll('_', ' ')}`),
      ),
      ...section(
        'What failed',
        content.failed.map((run) => `${at(run.ended_at)} ${run.kind}${of(run.system_name)}: ${run.fault?.code ?? 'unknown'}`),
        failures,
      ),
      ...section(
        'Open alerts',
        content.open.map(
          ({ severity, fact, opened_at, acknowledged_by: by, ...about }) =>
            `${severity}, since ${at(opened_at)}: ${withoutTyped(fact, about)}${by === null ? '' : ` (${by} takes care of it)`}`,
        ),
        content.openCount,
      ),
      ...section(
        'Next runs',
        content.next.map((run) => `${at(run.next_run_at)} ${run.backup_type} backup${of(run.system_name)}`),
      ),
      ...(publicUrl === undefined ? [] : ['', publicUrl]),
    ],
    thread: null,
    notice: { kind: 'digest', since: since.toISOString(), until: until.toISOString() },
  }
}

function section(title: string, lines: readonly string[], count = lines.length): string[] {
  const rest = count - lines.length
  const shown = lines.length === 0 ? ['- none'] : lines.map((line) => `- ${line}`)
  return ['', title, ...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])]
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`
}

function of(system: string | null): string {
  return system === null ? '' : ` of ${system}`
}

function at(instant: Date | null): string {
  return instant === null ? '' : printed(instant)
}
