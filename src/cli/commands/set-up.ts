import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { clientOf } from '#contract/client.ts'
import { signIn } from '#contract/sign-in.ts'
import type { CommandContext } from '#cli/command.ts'
import { keepLogin } from '#cli/online/connection.ts'
import { readPassword } from '#cli/options.ts'

interface SetUpOptions {
  readonly linkFile: string
  readonly name: string
  readonly title: string
  readonly passwordFile: string
  readonly tenant: string
  readonly tenantTitle?: string
}

export function addSetUp(program: Command, context: CommandContext): void {
  program
    .command('set-up')
    .description('make the first administrator and the first tenant of a service, once')
    .requiredOption('--link-file <file>', 'file with the link that the first start printed; /dev/stdin to paste it')
    .requiredOption('--name <account>', 'what the administrator types to sign in')
    .requiredOption('--title <text>', 'who that is, as signatures show it')
    .requiredOption('--password-file <file>', 'file whose text is the password: 12 characters or more')
    .option('--tenant <name>', 'name of the first tenant', 'main')
    .option('--tenant-title <text>', 'its name for people')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: SetUpOptions) => setUp(options, context))
}

/** The link comes from a file, since whoever else is on this machine reads the words of a command. */
async function setUp(options: SetUpOptions, { output, signal }: CommandContext): Promise<void> {
  const { url, token } = partsOf(await readPassword(options.linkFile))
  const password = await readPassword(options.passwordFile)
  const { name, title, tenant, tenantTitle = tenant } = options
  const body = { token, name, title, password, tenant: { name: tenant, title: tenantTitle } }
  const done = await clientOf({ url }).call(signIn.setUp, { body, signal })
  await keepLogin(url, done.token)
  output.line(`${url} is set up: ${name} is its administrator and signed in here, ${tenant} its first tenant`)
  output.result({ status: 'completed', server: url, userId: done.userId, tenantId: done.tenantId })
}

function partsOf(link: string): { readonly url: string; readonly token: string } {
  const parsed = URL.parse(link)
  const token = parsed?.hash.slice(1)
  if (!parsed || !/^https?:$/.test(parsed.protocol) || !token) throw new Fault('USAGE', 'this is no link that the first start printed')
  return { url: parsed.origin, token }
}
