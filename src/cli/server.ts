import { Option, type Command } from 'commander'

/** Of a command that works here, and with `--server` asks a service to do it. */
export interface ServerOptions {
  readonly server?: string
}

export function withServer(command: Command): Command {
  return command.addOption(new Option('--server <url>', 'let this service do it; needs a login or INTEGRUM_TOKEN').env('INTEGRUM_SERVER'))
}

/** What a service wants for an act that is signed: both components, at that moment. */
export function withSignature(command: Command): Command {
  return withServer(command)
    .option('--sign-password-file <file>', 'with --server: your own password, which signs')
    .option('--code <digits>', 'with --server: the six digits of your authenticator, which sign')
    .option('--meaning <text>', 'with --server: what the signature means', 'I approve this')
}
