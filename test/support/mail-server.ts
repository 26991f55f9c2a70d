import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SMTPServer } from 'smtp-server'
import { run } from '#host/run.ts'

export interface ReceivedMail {
  readonly to: readonly string[]
  readonly user: string | undefined
  readonly isSecure: boolean
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface MailServer extends AsyncDisposable {
  readonly port: number
  /** Of its own authority, in PEM. */
  readonly authority: string
  readonly received: ReceivedMail[]
  /** Answers each message with a refusal, until it is told not to. */
  isRefusing: boolean
}

export const mailUser = { user: 'integrum', password: 'the harbour is closed' }

/** A real one, which takes mail by STARTTLS from `mailUser` alone. */
export async function mailServer(): Promise<MailServer> {
  const { certificate, key } = await makeCertificate()
  const received: ReceivedMail[] = []
  const state = { isRefusing: false }
  const server = new SMTPServer({
    cert: certificate,
    key,
    onAuth: ({ username, password }, _session, done) => {
      if (username === mailUser.user && password === mailUser.password) done(null, { user: username })
      else done(new Error('no such user, or another password'))
    },
    onData: (stream, { envelope, user, secure }, done) => {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        if (state.isRefusing) return done(Object.assign(new Error('the disk of the mail server is full'), { responseCode: 452 }))
        const { headers, text } = parsed(Buffer.concat(pieces).toString('utf8'))
        received.push({
          to: envelope.rcptTo.map(({ address }) => address),
          user: user as string | undefined,
          isSecure: secure,
          headers,
          text,
        })
        done()
      })
    },
  })
  // What a client that breaks off leaves behind is no concern of the test.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    authority: certificate,
    received,
    get isRefusing() {
      return state.isRefusing
    },
    set isRefusing(is: boolean) {
      state.isRefusing = is
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** RFC 5322, as far as a message of plain text goes; quoted-printable is undone. */
function parsed(raw: string): Pick<ReceivedMail, 'headers' | 'text'> {
  const [head, ...body] = raw.split('\r\n\r\n')
  const lines = head!.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const text = body.join('\r\n\r\n')
  if (headers['content-transfer-encoding'] !== 'quoted-printable') return { headers, text }
  const bytes = text.replaceAll('=\r\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return { headers, text: Buffer.from(bytes, 'latin1').toString('utf8') }
}

async function makeCertificate(): Promise<{ readonly certificate: string; readonly key: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'integrum-test-mail-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const [certificate, key] = [path.join(folder, 'server.crt'), path.join(folder, 'server.key')]
  const subject = ['-subj', '/CN=mail.example.org', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const made = await run('openssl', ['req', ...kind, '-keyout', key, '-out', certificate, ...subject])
  assert.equal(made.exitCode, 0, made.stderr)
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
}
