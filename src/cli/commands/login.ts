import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { clientOf } from '#contract/client.ts'
import { me } from '#contract/me.ts'
import { signIn } from '#contract/sign-in.ts'
import type { CommandContext } from '#cli/command.ts'
import { readPassword } from '#cli/options.ts'
import { clientFor, keepLogin, serverOf } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'

interface LoginOptions extends ServerOptions {
  readonly name: string
  readonly passwordFile: string
  readonly code?: string
  readonly recoveryCode?: string
}

export function addLogin(program: Command, context: CommandContext): void {
  withServer(program.command('login'))
    .description('sign in to a service; what comes back is kept in a file of yours alone')
    .requiredOption('--name <account>', 'who signs in')
    .requiredOption('--password-file <file>', 'file whose text is the password; /dev/stdin to type or pipe it')
    .option('--code <digits>', 'the six digits of the second factor')
    .option('--recovery-code <code>', 'in place of the second factor, once')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: LoginOptions) => login(options, context))
}

export function addLogout(program: Command, context: CommandContext): void {
  withServer(program.command('logout'))
    .description('end the session that login began')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ServerOptions) => logout(options, context))
}

async function login(options: LoginOptions, { output, signal }: CommandContext): Promise<void> {
  const url = serverOf(options)
  const first = await clientOf({ url }).call(signIn.password, {
    body: { name: options.name, password: await readPassword(options.passwordFile) },
    signal,
  })
  const token = first.next === 'done' ? first.token : await secondStep(url, first.token, options, signal)
  const { name, title, session } = await clientOf({ url, token }).call(me.show, { signal })
  await keepLogin(url, token)
  output.line(`Signed in to ${url} as ${name} (${title})${session ? `, until ${session.expiresAt} at the latest` : ''}`)
  output.result({ status: 'completed', server: url, name, expiresAt: session?.expiresAt ?? null })
}

async function secondStep(url: string, token: string, { code, recoveryCode }: LoginOptions, signal: AbortSignal): Promise<string> {
  if (code === undefined && recoveryCode === undefined)
    throw new Fault('USAGE', 'this account has a second factor: give --code or --recovery-code')
  const body = code === undefined ? { recoveryCode: recoveryCode! } : { code }
  return (await clientOf({ url, token }).call(signIn.totp, { body, signal })).token
}

async function logout(options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  await client.call(signIn.end, { signal })
  await keepLogin(serverOf(options), undefined)
  output.line('Signed out.')
  output.result({ status: 'completed' })
}
