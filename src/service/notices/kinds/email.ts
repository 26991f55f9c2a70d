import { createTransport } from 'nodemailer'
import { z } from 'zod'
import { Fault, messageOf } from '#base/fault.ts'
import { channelKind, type Sending } from '#service/notices/channel-kind.ts'
import { oneLine } from '#service/notices/web.ts'

const addressSchema = z.email().max(254)

const settingsSchema = z
  .strictObject({
    host: z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, 'the name or the address of a mail server'),
    port: z.number().int().min(1).max(65_535),
    /** From the first byte, from STARTTLS on, or never: then no password is sent. */
    security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
    /** The authority that vouches for the server, in PEM; without one, those that the machine trusts. */
    authority: z
      .string()
      .regex(/^-----BEGIN CERTIFICATE-----[\s\S]{1,20000}-----END CERTIFICATE-----\s*$/, 'a certificate in PEM')
      .optional(),
    user: z.string().min(1).max(200).optional(),
    from: addressSchema,
    to: z.array(addressSchema).min(1).max(50),
  })
  .refine(({ user, security }) => user === undefined || security !== 'none', {
    path: ['security'],
    message: 'a password is sent through TLS alone',
  })
type Settings = z.infer<typeof settingsSchema>
const secretsSchema = z.strictObject({ password: z.string().min(1).max(500).optional() })

export const emailKind = channelKind<Settings, z.infer<typeof secretsSchema>>({
  name: 'email',
  title: 'E-mail',
  settings: settingsSchema,
  secrets: secretsSchema,
  place: ({ host, port, to }) => `${to.join(', ')} by ${host}:${port}`,
  // Whoever may change the server shall not have the password sent to one of their own.
  keepsSecrets: (before, after) =>
    (['host', 'port', 'security', 'authority', 'user'] as const).every((name) => before[name] === after[name]),
  send: async (settings, { password }, sending) => {
    const { host, port, security, authority, user, from, to } = settings
    const { timeoutMs } = sending
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      ...(authority !== undefined && { tls: { ca: authority } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      socketCloseTimeout: 0,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const tooLong = AbortSignal.timeout(timeoutMs)
    try {
      const told = await transport.sendMail({ ...mailOf(sending, { from, to }), signal: AbortSignal.any([sending.signal, tooLong]) })
      const refused = told.rejected.length > 0 ? `; refused: ${told.rejected.join(', ')}` : ''
      return oneLine(`${told.response}${refused}`)
    } catch (cause) {
      const why = tooLong.aborted ? `no answer within ${timeoutMs / 1_000} s` : oneLine(messageOf(cause))
      throw new Fault('CHANNEL_FAILED', `${host}:${port}: ${why}`, {}, { cause })
    } finally {
      transport.close()
    }
  },
})

function mailOf({ id, at, message }: Sending, { from, to }: Pick<Settings, 'from' | 'to'>) {
  const { subject, lines, thread } = message
  const place = from.slice(from.indexOf('@') + 1)
  return {
    from: { name: 'Integrum', address: from },
    to,
    subject,
    text: `${lines.join('\n')}\n`,
    date: at,
    messageId: `<${id}@${place}>`,
    ...(thread !== null && { references: `<${thread}@${place}>` }),
    // RFC 3834: nothing answers by itself.
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}
