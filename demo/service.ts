import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Fault } from '#base/fault.ts'
import { startProgram } from '#host/run.ts'
import { codeAt, furnish, type DemoPerson, type Furnished } from './furnish.ts'

const program = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'bin', 'integrum')

export interface DemoClinic {
  readonly databaseUrl: string
  readonly filesRoot: string
}

export interface DemoService extends AsyncDisposable {
  readonly url: string
  readonly furnished: Furnished
}

/** The service as an administrator starts it, with the clinic registered and backed up through its own interface. */
export async function openDemoService(directory: string, port: number, clinic: DemoClinic): Promise<DemoService> {
  const free = (await isFree(port)) ? port : 0
  const serve = startProgram(program, ['serve', '--port', String(free), '--data', path.join(directory, 'service')])
  await using parts = new AsyncDisposableStack()
  parts.defer(async () => {
    serve.child.kill('SIGTERM')
    await serve.end()
  })
  const { url, setUpToken } = await greetingOf(serve)
  const furnished = await furnish({ url, setUpToken, ...clinic, repository: path.join(directory, 'service-repository') })
  const kept = parts.move()
  return { url, furnished, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Where something else listens already, any port will do: what was shown up to here shall not be lost for that. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const [outcome] = await Promise.race([
    once(server.listen(port, '127.0.0.1'), 'listening').then(() => [true]),
    once(server, 'error').then(() => [false]),
  ])
  server.close()
  return outcome ?? false
}

async function greetingOf(serve: ReturnType<typeof startProgram>): Promise<{ url: string; setUpToken: string }> {
  let url: string | undefined
  let setUpToken: string | undefined
  for await (const line of createInterface({ input: serve.child.stdout! })) {
    url ??= /listens on (\S+)/.exec(line)?.[1]
    setUpToken ??= /#(itu_\S+)/.exec(line)?.[1]
    if (url !== undefined && setUpToken !== undefined) {
      serve.child.stdout!.resume()
      return { url, setUpToken }
    }
  }
  throw new Fault('DATABASE_TOOL', `integrum serve ended: ${(await serve.end()).stderr.trim().slice(-2000)}`)
}

/** Until Ctrl-C, or until standard input ends. Enter prints the code that an authenticator would show now. */
export async function showAround({ url, furnished }: DemoService): Promise<void> {
  const say = (text: string) => process.stdout.write(`${text}\n`)
  say(`\n  ${url}\n`)
  for (const person of furnished.people) say(`  ${person.name.padEnd(8)}${person.password}   ${person.title}, ${wordsOf(person)}`)
  say('\n  Who signs with an authenticator needs a code when they sign in, and for each signature a new one.')
  say('  Enter: the codes of this moment. Ctrl-C: end, and remove everything.')
  const over = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const lines = createInterface({ input: process.stdin })
  lines.on('line', () => say(codesOf(furnished.people)))
  say(codesOf(furnished.people))
  await over
  lines.close()
}

function wordsOf({ role, totpSecret }: DemoPerson): string {
  return `${role.toLowerCase().replace('_', ' ')}${totpSecret === undefined ? '' : `, with an authenticator (secret ${totpSecret})`}`
}

function codesOf(people: readonly DemoPerson[]): string {
  const codes = people.flatMap(({ name, totpSecret }) => (totpSecret === undefined ? [] : [`${name} ${codeAt(totpSecret)}`]))
  return `  codes: ${codes.join(', ')}`
}
