import { z } from 'zod'
import { webAddressSchema } from '#contract/notice-settings.ts'
import { channelKind } from '#service/notices/channel-kind.ts'
import { fetched } from '#service/notices/web.ts'

/** A workflow of Microsoft Teams that begins with a webhook: an adaptive card in a message. */
export const teamsKind = channelKind({
  name: 'teams',
  title: 'Microsoft Teams',
  settings: z.strictObject({}),
  // Whoever has the address can write there.
  secrets: z.strictObject({ url: webAddressSchema }),
  place: (_settings, { url }) => new URL(url).origin,
  keepsSecrets: () => true,
  send: async (_settings, { url }, { message, id, at: _at, ...bounds }) =>
    await fetched(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({
        type: 'message',
        attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card(message.subject, message.lines) }],
      }),
      ...bounds,
    }),
})

function card(subject: string, lines: readonly string[]) {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'TextBlock', size: 'medium', weight: 'bolder', wrap: true, text: plain(subject) },
      ...lines.map((text) => ({ type: 'TextBlock', wrap: true, text: plain(text) })),
    ],
  }
}

/** A card reads Markdown: what begins a link or a list in it is taken as it stands. */
function plain(text: string): string {
  return text.replaceAll(/[\\[\]*_#]/g, (sign) => `\\${sign}`)
}
