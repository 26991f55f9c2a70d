import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { Fault, errnoOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { makeDirectoryDurably, replaceDurably } from '#host/durable.ts'
import { environment } from '#host/environment.ts'
import { clientOf, type Client } from '#contract/client.ts'
import type { ServerOptions } from '#cli/server.ts'

/** Of a command that only a service can answer. */
export function serverOf({ server }: ServerOptions): string {
  if (server === undefined) throw new Fault('USAGE', 'no service is given: use --server URL or INTEGRUM_SERVER')
  return addressOf(server)
}

/** INTEGRUM_TOKEN, else what `integrum login` kept for this address. */
export async function clientFor(options: ServerOptions): Promise<Client> {
  const url = serverOf(options)
  const { INTEGRUM_TOKEN } = environment(['INTEGRUM_TOKEN'])
  const token = INTEGRUM_TOKEN ?? (await readLogins())[url]
  if (token === undefined) throw new Fault('NOT_SIGNED_IN', `there is no login for ${url}`, { url })
  return clientOf({ url, token })
}

function addressOf(server: string): string {
  const url = URL.parse(server)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Fault('USAGE', `${server} is no address of a service, such as https://backup.example.org`)
  return url.origin
}

const loginsSchema = z.record(z.string(), z.string())

function loginsFile(): string {
  const { XDG_CONFIG_HOME } = environment(['XDG_CONFIG_HOME'])
  return path.join(XDG_CONFIG_HOME ?? path.join(homedir(), '.config'), 'integrum', 'logins.json')
}

async function readLogins(): Promise<Readonly<Record<string, string>>> {
  try {
    return parse(loginsSchema, await readFile(loginsFile(), 'utf8'), 'the file of logins')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {}
    throw error
  }
}

/** Readable for its owner alone. Without a token the address is forgotten. */
export async function keepLogin(url: string, token: string | undefined): Promise<void> {
  const { [url]: _before, ...others } = await readLogins()
  const logins = token === undefined ? others : { ...others, [url]: token }
  await makeDirectoryDurably(path.dirname(loginsFile()), 0o700)
  await replaceDurably(loginsFile(), `${JSON.stringify(logins, null, 2)}\n`, 0o600)
}
