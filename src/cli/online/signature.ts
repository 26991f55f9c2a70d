import { Fault } from '#base/fault.ts'
import type { SignedWithMeaning } from '#contract/signatures.ts'
import { readPassword } from '#cli/options.ts'

export interface SignatureOptions {
  readonly signPasswordFile?: string
  readonly code?: string
  readonly meaning: string
}

/** Both components at the moment of signing (21 CFR 11.200): neither is kept. Undefined when neither is given. */
export async function signatureOf({ signPasswordFile, code, meaning }: SignatureOptions): Promise<SignedWithMeaning | undefined> {
  if (signPasswordFile === undefined && code === undefined) return undefined
  if (signPasswordFile === undefined || code === undefined)
    throw new Fault('USAGE', 'a signature takes both: --sign-password-file and --code')
  return { password: await readPassword(signPasswordFile), totp: code, meaning }
}

/** Of an act that is always signed. */
export async function neededSignature(options: SignatureOptions): Promise<SignedWithMeaning> {
  const signature = await signatureOf(options)
  if (!signature) throw new Fault('USAGE', 'this is signed: give --sign-password-file and --code')
  return signature
}
