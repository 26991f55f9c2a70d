import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { addKey, listKeys, openKey, removeKey, revocationNotice, type KeyFile } from '#engine/repository/keys.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { storageOf, type CommandContext } from '#cli/command.ts'
import { readPassword, warnIfShort, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface AddOptions extends RepositoryOptions {
  readonly newPasswordFile: string
}

/** `repository keys list|add|remove`: several passwords open one repository, none of them rewrites data. */
export function addRepositoryKeys(group: Command, context: CommandContext): void {
  const keys = group.command('keys').description('the passwords that open a repository')
  withRepository(keys.command('list'))
    .description('list the password keys')
    .action((options: RepositoryOptions) => list(options, context))
  withRepository(keys.command('add'))
    .description('add a password')
    .requiredOption('--new-password-file <file>', 'file whose text is the new password')
    .action((options: AddOptions) => add(options, context))
  withRepository(keys.command('remove'))
    .description('remove a password key; never the last one')
    .argument('<key>', 'its id, or the beginning of it')
    .action((id: string, options: RepositoryOptions) => remove(id, options, context))
}

async function list(options: RepositoryOptions, { output, signal }: CommandContext): Promise<void> {
  const storage = storageOf(options)
  const opened = await openKey(storage, await readPassword(options.passwordFile), signal)
  const keys = await listKeys(storage, signal)
  for (const { id, createdAt, username, hostname } of keys) {
    output.line(`${id.slice(0, 8)}  ${createdAt}  ${username}@${hostname}${id === opened.keyFileId ? '  (this password)' : ''}`)
  }
  output.result({ status: 'completed', keys: keys.map((key) => ({ ...key, isCurrent: key.id === opened.keyFileId })) })
}

async function add(options: AddOptions, { output, signal }: CommandContext): Promise<void> {
  const storage = storageOf(options)
  const { key } = await openKey(storage, await readPassword(options.passwordFile), signal)
  const password = await readPassword(options.newPasswordFile)
  const id = await addKey(storage, key, password, { clock: systemClock, signal })
  warnIfShort(password, output)
  output.line(`Added key ${id.slice(0, 8)}`)
  output.result({ status: 'completed', key: id })
}

async function remove(wanted: string, options: RepositoryOptions, { output, signal }: CommandContext): Promise<void> {
  const storage = storageOf(options)
  await openKey(storage, await readPassword(options.passwordFile), signal)
  const { id } = await findKey(storage, wanted, signal)
  await removeKey(storage, id, signal)
  output.line(`Removed key ${id.slice(0, 8)}`)
  output.note(revocationNotice)
  output.result({ status: 'completed', key: id, notice: revocationNotice })
}

async function findKey(storage: Storage, wanted: string, signal: AbortSignal): Promise<KeyFile> {
  const found = (await listKeys(storage, signal)).filter(({ id }) => id.startsWith(wanted.toLowerCase()))
  const [only] = found
  if (!only) throw new Fault('INPUT_INVALID', `there is no key ${wanted}`, { field: 'key', wanted })
  if (found.length > 1) throw new Fault('INPUT_INVALID', `${found.length} keys begin with ${wanted}`, { field: 'key', wanted })
  return only
}
