import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { unsealedChannel } from './channels.ts'
import { lockChannelRow, noteChannelFailing, noteChannelWell, type StoredChannel } from './channels.store.ts'
import {
  channelsOf,
  claimDelivery,
  dueChannels,
  insertDelivery,
  lockUnspread,
  noteAttempt,
  noteSpread,
  type StoredDelivery,
} from './deliveries.store.ts'
import { noticeMessage } from './message.ts'

const spreadAtOnceMax = 100

/** Each new notice becomes a delivery for each channel that it goes to: exactly once, however many services look. */
export async function spreadNotices({ catalog, clock, random, config }: House): Promise<void> {
  for (;;) {
    const spread = await catalog.as(everything, async (tx) => {
      const now = clock.now()
      const notices = await lockUnspread(tx, spreadAtOnceMax)
      for (const notice of notices) {
        const message = JSON.stringify(noticeMessage(notice, config.publicUrl))
        for (const { id, tenant_id } of await channelsOf(tx, notice))
          await insertDelivery(tx, {
            id: random.uuid(),
            tenant_id,
            channel_id: id,
            notice_id: notice.id,
            message,
            status: 'pending',
            next_try_at: now,
            created_at: now,
          })
        await noteSpread(tx, notice.id, now)
      }
      return notices.length
    })
    if (spread < spreadAtOnceMax) return
  }
}

/**
 * Sends what is due: of each channel one message after the other, of different channels at the same time, so that one that
 * hangs holds up no other.
 */
export class Deliverer implements AsyncDisposable {
  readonly #house: House
  readonly #timeoutMs: number
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()

  constructor(house: House, timeoutMs: number = limits.noticeTimeoutMs) {
    this.#house = house
    this.#timeoutMs = timeoutMs
  }

  /** Begins with whatever is due; does not wait for it. */
  async look(): Promise<void> {
    const { catalog, clock } = this.#house
    for (const id of await catalog.as(everything, (tx) => dueChannels(tx, clock.now()))) {
      if (this.#lanes.has(id) || this.#stopping.signal.aborted) continue
      this.#lanes.set(
        id,
        this.#carryAll(id).finally(() => this.#lanes.delete(id)),
      )
    }
  }

  /** When nothing that was begun goes on. */
  async whenIdle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values())
  }

  /** What is on its way is tried again by whoever looks next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Fault('SHUTTING_DOWN', 'the service is stopping'))
    await this.whenIdle()
  }

  /** Until nothing is due, or one fails: then its server gets a rest. Never rejects. */
  async #carryAll(channelId: string): Promise<void> {
    try {
      while (await this.#carryOne(channelId));
    } catch (error) {
      this.#house.log.error({ err: error, channel: channelId }, 'messages of a channel wait for the next look')
    }
  }

  async #carryOne(channelId: string): Promise<boolean> {
    const { catalog, clock } = this.#house
    const claimed = await catalog.as(everything, async (tx) => {
      const channel = await lockChannelRow(tx, channelId)
      const now = clock.now()
      // Whoever is lost in the middle is waited for: a message may come twice, with the same id, and is never lost.
      const until = new Date(now.getTime() + 2 * limits.noticeTimeoutMs)
      const delivery = channel?.is_active && (await claimDelivery(tx, channelId, { now, until }))
      return delivery ? { channel, delivery } : undefined
    })
    if (!claimed) return false
    const outcome = await this.#send(claimed)
    await catalog.as(everything, (tx) => this.#note(tx, claimed, outcome))
    return !(outcome instanceof Fault)
  }

  async #send({ channel, delivery }: Claimed): Promise<string | Fault> {
    const { id, message } = delivery
    try {
      const { kind, settings, secrets } = unsealedChannel(this.#house, channel)
      return await kind.send(settings, secrets, {
        id,
        message,
        at: this.#house.clock.now(),
        timeoutMs: this.#timeoutMs,
        signal: this.#stopping.signal,
      })
    } catch (error) {
      if (isFault(error)) return error
      this.#house.log.error({ err: error, delivery: id }, 'a message met a mistake of ours')
      return new Fault('CHANNEL_FAILED', 'the message could not be made', {}, { cause: error })
    }
  }

  async #note(tx: Tx, { channel, delivery }: Claimed, outcome: string | Fault): Promise<void> {
    const at = this.#house.clock.now()
    // First, as whoever changes a channel does, so that neither waits for the other.
    await lockChannelRow(tx, channel.id)
    if (typeof outcome === 'string') {
      const isNoted = await noteAttempt(tx, delivery, { status: 'delivered', answer: outcome, next_try_at: null, ended_at: at })
      if (!isNoted) return
      await noteChannelWell(tx, channel.id, at)
      return await settleAlert(this.#house, tx, { ...aboutChannel(channel), because: `${channel.name} takes messages again` })
    }
    // Nobody refused it: whoever looks next tries it at once.
    if (this.#stopping.signal.aborted) return void (await noteAttempt(tx, delivery, { next_try_at: at }))
    await this.#noteFailure(tx, { channel, delivery, fault: outcome, at })
  }

  async #noteFailure(tx: Tx, { channel, delivery, fault, at }: Claimed & { readonly fault: Fault; readonly at: Date }): Promise<void> {
    const record = { code: fault.code, fact: fault.message, hint: fault.hint }
    const pauseMs = limits.noticeRetryPausesMs[delivery.attempts - 1]
    const isNoted = await noteAttempt(tx, delivery, {
      last_fault: JSON.stringify(record),
      ...(pauseMs === undefined
        ? { status: 'given_up', next_try_at: null, ended_at: at }
        : { next_try_at: new Date(at.getTime() + pauseMs) }),
    })
    if (!isNoted) return
    await noteChannelFailing(tx, channel.id, { at, fault: record })
    if (pauseMs !== undefined) return
    await raiseAlert(this.#house, tx, {
      ...aboutChannel(channel),
      tenantId: channel.tenant_id,
      subject: { kind: 'notice-channel', id: channel.id, name: channel.name },
      fact: `the channel "${channel.name}" did not take a message in ${delivery.attempts} tries`,
      hint: 'Look at the channel: it says what its server answered. People who are told on this way alone hear nothing.',
    })
  }
}

interface Claimed {
  readonly channel: StoredChannel
  readonly delivery: StoredDelivery
}

function aboutChannel({ id }: StoredChannel) {
  return { kind: 'channel-silent', concerns: id } as const
}
