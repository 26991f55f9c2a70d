import { incomingWebhook } from '#service/notices/incoming-webhook.ts'

/** A workflow of Microsoft Teams that begins with a webhook: an adaptive card in a message. */
export const teamsKind = incomingWebhook({
  name: 'teams',
  title: 'Microsoft Teams',
  bodyOf: ({ subject, lines }) => ({
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card(subject, lines) }],
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
