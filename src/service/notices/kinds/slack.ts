import { incomingWebhook } from '#service/notices/incoming-webhook.ts'

/** Incoming webhooks of Slack, Mattermost, Rocket.Chat and others that take the same. */
export const slackKind = incomingWebhook({
  name: 'slack',
  title: 'Slack, Mattermost',
  bodyOf: ({ subject, lines }) => ({ text: [`*${escaped(subject)}*`, ...lines.map(escaped)].join('\n') }),
})

/** The three characters that mean something there: nothing in a message calls a whole channel. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
