import { z } from 'zod'
import { webAddressSchema } from '#contract/notice-settings.ts'
import { channelKind, type AnyChannelKind, type Message } from './channel-kind.ts'
import { fetched } from './web.ts'

/** A chat that takes messages at an address of its own, as JSON: whoever has the address can write there. */
export function incomingWebhook({
  name,
  title,
  bodyOf,
}: {
  readonly name: string
  readonly title: string
  readonly bodyOf: (message: Message) => unknown
}): AnyChannelKind {
  return channelKind({
    name,
    title,
    settings: z.strictObject({}),
    secrets: z.strictObject({ url: webAddressSchema }),
    place: (_settings, { url }) => new URL(url).origin,
    keepsSecrets: () => true,
    send: async (_settings, { url }, { message, id, at: _at, ...bounds }) =>
      await fetched(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': id },
        body: JSON.stringify(bodyOf(message)),
        ...bounds,
      }),
  })
}
