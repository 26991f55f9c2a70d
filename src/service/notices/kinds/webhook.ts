import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { webAddressSchema } from '#contract/notice-settings.ts'
import { channelKind } from '#service/notices/channel-kind.ts'
import { fetched } from '#service/notices/web.ts'

/** Signed, so that the receiver knows who sent it and when: docs/guide/notices.md says how it is verified. */
export const webhookKind = channelKind({
  name: 'webhook',
  title: 'Webhook',
  settings: z.strictObject({}),
  // The address too: it may hold a token.
  secrets: z.strictObject({ url: webAddressSchema, signingSecret: z.string().min(16).max(200) }),
  place: (_settings, { url }) => new URL(url).origin,
  keepsSecrets: () => true,
  send: async (_settings, { url, signingSecret }, { id, message, at, ...bounds }) => {
    const { severity, subject, lines, notice } = message
    const body = JSON.stringify({ id, severity, subject, text: lines.join('\n'), ...notice })
    const timestamp = String(Math.floor(at.getTime() / 1_000))
    const signature = createHmac('sha256', signingSecret).update(`${timestamp}.${body}`).digest('hex')
    return await fetched(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Integrum',
        'idempotency-key': id,
        'integrum-timestamp': timestamp,
        'integrum-signature': `sha256=${signature}`,
      },
      body,
      ...bounds,
    })
  },
})
