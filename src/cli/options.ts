import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { Fault, messageOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { defaultSettings, sourceNameSchema, systemSettingsSchema, type SystemSettings } from '#base/settings.ts'
import { environment } from '#host/environment.ts'
import { parseDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { Output } from './output.ts'

/** Options that every command with a repository takes. */
export interface RepositoryOptions {
  readonly repository?: string
  readonly passwordFile?: string
  readonly json?: boolean
}

export function withRepository(command: Command): Command {
  return command
    .addOption(new Option('--repository <place>', 'directory of the repository').env('INTEGRUM_REPOSITORY'))
    .addOption(new Option('--password-file <file>', 'file whose text is the password').env('INTEGRUM_PASSWORD_FILE'))
    .option('--json', 'end with one line of JSON on stdout')
}

export function withState(command: Command): Command {
  return command.addOption(
    new Option('--state <directory>', 'where restores keep their journals (default: /var/lib/integrum)').env('INTEGRUM_STATE'),
  )
}

export interface Named {
  readonly name: string
  readonly value: string
}

/** For `--database NAME=URL` and `--files NAME=DIR`, repeatable. */
export function collectNamed(text: string, before: readonly Named[] = []): readonly Named[] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('it is written NAME=VALUE')
  const name = text.slice(0, at)
  const checked = sourceNameSchema.safeParse(name)
  if (!checked.success) throw new InvalidArgumentError(checked.error.issues[0]?.message ?? 'invalid name')
  if (before.some((other) => other.name === name)) throw new InvalidArgumentError(`${name} is given twice`)
  return [...before, { name, value: text.slice(at + 1) }]
}

export function collectText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

export function parseSystemName(text: string): string {
  const checked = sourceNameSchema.safeParse(text)
  if (!checked.success) throw new InvalidArgumentError(checked.error.issues[0]?.message ?? 'invalid name')
  return text
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`a whole number from ${min} to ${max}`)
    return value
  }
}

/** SAFETY rule 29: deleting by a clock that seems to have jumped is somebody's word, stated. */
export function clockReasonOf({ clockReason }: { readonly clockReason?: string }): { readonly clockReason?: string } {
  return clockReason === undefined ? {} : { clockReason }
}

export function databaseTargets(named: readonly Named[] = []): { name: string; target: DatabaseTarget }[] {
  const fallbacks = environment(['PGHOST', 'PGPORT', 'PGUSER', 'USER'])
  return named.map(({ name, value }) => ({ name, target: parseDatabaseUrl(name, value, fallbacks) }))
}

export function fileRoots(named: readonly Named[] = []): { name: string; path: string }[] {
  return named.map(({ name, value }) => ({ name, path: path.resolve(value) }))
}

/** As restic reads its password file: the text without surrounding white space. */
export async function readPassword(file: string | undefined): Promise<string> {
  if (file === undefined) throw new Fault('PASSWORD_MISSING', 'no password file is given')
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new Fault('PASSWORD_MISSING', `the password file cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  if (text === '') throw new Fault('PASSWORD_MISSING', `the password file ${file} is empty`, { file })
  return text
}

/** The passphrase of an archive, apart from the password of the repository. */
export async function readPassphrase(file: string): Promise<string> {
  try {
    return await readPassword(file)
  } catch (cause) {
    throw new Fault('ARCHIVE_PASSPHRASE', `the passphrase cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
}

/** Whoever copies the repository may guess for ever; scrypt makes each guess dear, not impossible. */
export function warnIfShort(password: string, output: Output): void {
  if (password.length < shortPasswordLength)
    output.note(`warning: the password has only ${password.length} characters; a copied repository can be guessed open`)
}

const shortPasswordLength = 12

export async function readSettings(file: string | undefined): Promise<SystemSettings> {
  if (file === undefined) return defaultSettings
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `the settings file cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  return parse(systemSettingsSchema, text, `settings file ${file}`)
}
