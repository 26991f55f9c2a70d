import { z } from 'zod'
import { webAddressSchema } from '#contract/notice-settings.ts'
import { channelKind } from '#service/notices/channel-kind.ts'
import { fetched } from '#service/notices/web.ts'

/** Incoming webhooks of Slack, Mattermost, Rocket.Chat and others that take the same. */
export const slackKind = channelKind({
  name: 'slack',
  title: 'Slack, Mattermost',
  settings: z.strictObject({}),
  // Whoever has the address can write there.
  secrets: z.strictObject({ url: webAddressSchema }),
  place: (_settings, { url }) => new URL(url).origin,
  keepsSecrets: () => true,
  send: async (_settings, { url }, { message, id, at: _at, ...bounds }) =>
    await fetched(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({ text: [`*${escaped(message.subject)}*`, ...message.lines.map(escaped)].join('\n') }),
      ...bounds,
    }),
})

/** The three characters that mean something there: nothing in a message calls a whole channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
