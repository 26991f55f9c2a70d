import { Option, type Command } from 'commander'

/** Of a command that works here, and with `--server` asks a service to do it. */
export interface ServerOptions {
  readonly server?: string
}

export function withServer(command: Command): Command {
  return command.addOption(new Option('--server <url>', 'let this service do it; needs a login or INTEGRUM_TOKEN').env('INTEGRUM_SERVER'))
}
