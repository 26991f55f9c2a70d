import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { Fault, messageOf } from '#base/fault.ts'
import { fingerprintOf, isSignatureValid } from '#engine/repository/proof-key.ts'
import { parseProof } from '#engine/repository/proofs.ts'
import type { CommandContext } from '#cli/command.ts'

interface CheckOptions {
  readonly publicKey?: string
}

/** Offline: a report, and if it is at hand the key that must have signed it. */
export function addDrillCheck(group: Command, context: CommandContext): void {
  group
    .command('check')
    .description('check the signature of a report, without repository or network')
    .argument('<report>', 'file that `drill --out` wrote')
    .option('--public-key <key>', 'public key or fingerprint, as `repository stats` shows them', parseKey)
    .option('--json', 'end with one line of JSON on stdout')
    .action((file: string, options: CheckOptions) => check(file, options, context))
}

async function check(file: string, { publicKey }: CheckOptions, { output }: CommandContext): Promise<void> {
  const report = parseProof(await read(file), `report ${file}`)
  const signedBy = report.signature.publicKey
  const fingerprint = fingerprintOf(signedBy)
  if (!isSignatureValid(report)) {
    throw new Fault('PROOF_SIGNATURE', `report ${file} is not as it was signed by key ${fingerprint}`, { file, fingerprint })
  }
  if (publicKey !== undefined && publicKey !== signedBy && publicKey !== fingerprint) {
    throw new Fault('PROOF_SIGNATURE', `report ${file} is signed by key ${fingerprint}, which is another one`, { file, fingerprint })
  }
  const { backup, outcome, endedAt, kind, repositoryId } = report
  output.line(`The signature holds: ${kind} of backup ${backup.id} of ${backup.system}, ended ${endedAt}, outcome ${outcome}`)
  output.line(`  repository   ${repositoryId}`)
  output.line(`  signed       by key ${fingerprint}`)
  if (publicKey === undefined) output.line('               Compare that with what `integrum repository stats` says, or give --public-key.')
  output.result({
    status: 'completed',
    backup: backup.id,
    outcome,
    endedAt,
    publicKey: signedBy,
    fingerprint,
    isKeyCompared: publicKey !== undefined,
  })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `the report cannot be read: ${messageOf(cause)}`, { field: 'report', file }, { cause })
  }
}

function parseKey(text: string): string {
  if (!/^([0-9a-f]{32}|[0-9a-f]{64})$/i.test(text)) throw new InvalidArgumentError('64 hex digits of a key, or 32 of its fingerprint')
  return text.toLowerCase()
}
