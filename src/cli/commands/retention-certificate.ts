import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { Fault, messageOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { fingerprintOf, isSignatureValid, signatureSchema } from '#engine/repository/proof-key.ts'
import type { CommandContext } from '#cli/command.ts'

const certificateSchema = z.looseObject({
  kind: z.literal('deletion-certificate'),
  id: z.uuid(),
  backup: z.looseObject({ id: z.uuid(), name: z.string(), system: z.string() }),
  deleted: z.looseObject({ at: z.string(), by: z.string(), reason: z.string() }),
  removed: z.looseObject({ at: z.string() }),
  signature: signatureSchema,
})

/** Offline: a certificate, and if it is at hand the key that must have signed it. */
export function addCertificateCheck(group: Command, context: CommandContext): void {
  group
    .command('check-certificate')
    .description('check the signature of a deletion certificate, without service or network')
    .argument('<file>', 'as `retention certificate` printed it')
    .option('--fingerprint <digits>', 'of the key of the installation’s trail', parseFingerprint)
    .option('--json', 'end with one line of JSON on stdout')
    .action((file: string, options: { readonly fingerprint?: string }) => check(file, options, context))
}

async function check(file: string, { fingerprint: wanted }: { readonly fingerprint?: string }, { output }: CommandContext): Promise<void> {
  const certificate = parse(certificateSchema, await read(file), `certificate ${file}`)
  const fingerprint = fingerprintOf(certificate.signature.publicKey)
  if (!isSignatureValid(certificate))
    throw new Fault('PROOF_SIGNATURE', `certificate ${file} is not as it was signed by key ${fingerprint}`, { file, fingerprint })
  if (wanted !== undefined && wanted !== fingerprint)
    throw new Fault('PROOF_SIGNATURE', `certificate ${file} is signed by key ${fingerprint}, which is another one`, { file, fingerprint })
  const { id, backup, deleted, removed } = certificate
  output.line(`The signature holds: backup ${backup.name} of ${backup.system} was removed at ${removed.at}`)
  output.line(`  deleted      ${deleted.at} by ${deleted.by}: ${deleted.reason}`)
  output.line(`  signed       by key ${fingerprint}`)
  if (wanted === undefined) output.line('               Compare that with what `integrum audit verify` says, or give --fingerprint.')
  output.result({ status: 'completed', id, backup: backup.id, fingerprint, isKeyCompared: wanted !== undefined })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `the certificate cannot be read: ${messageOf(cause)}`, { field: 'file', file }, { cause })
  }
}

function parseFingerprint(text: string): string {
  if (!/^[0-9a-f]{32}$/i.test(text)) throw new InvalidArgumentError('the 32 hex digits of a fingerprint')
  return text.toLowerCase()
}
