import type { FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'

export type Log = FastifyBaseLogger

/** JSON lines on stderr. What may hold a secret is cut out by its name, wherever it stands. */
export function openLog(level: string): Log {
  const secret = ['password', 'passphrase', 'token', 'secret', 'authorization', 'cookie', 'totp', 'code']
  return pino(
    {
      level,
      base: null,
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `req.headers.${name}`]), censor: '[redacted]' },
    },
    process.stderr,
  )
}
