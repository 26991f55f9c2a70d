import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { instantSchema, pageOf, pageQuery, textSchema, uuidSchema } from './shapes.ts'
import { codeSchema, passwordSchema } from './sign-in.ts'

/** What an endpoint takes whose act is signed: both components, at that moment (21 CFR 11.200). */
export const signingSchema = z.strictObject({ password: passwordSchema, totp: codeSchema })
export type Signing = z.infer<typeof signingSchema>

/** With what it stands for, in the signer's words. */
export const signedWithMeaningSchema = signingSchema.extend({ meaning: textSchema(200) })
export type SignedWithMeaning = z.infer<typeof signedWithMeaningSchema>

/** Name, time and meaning (21 CFR 11.50), and the digest of exactly what was signed (11.70). */
export const signatureSchema = z.object({
  id: uuidSchema,
  tenantId: uuidSchema.nullable(),
  userId: uuidSchema,
  userName: z.string(),
  userTitle: z.string(),
  meaning: z.string(),
  reason: z.string(),
  subjectKind: z.string(),
  subjectId: uuidSchema,
  digest: z.string(),
  signedAt: instantSchema,
})
export type Signature = z.infer<typeof signatureSchema>

export const signatures = {
  list: endpoint({
    name: 'signatures.list',
    method: 'GET',
    path: '/api/v1/signatures',
    summary: 'who signed what, with which meaning',
    permission: 'restores.read',
    query: z.strictObject({ subjectId: uuidSchema.optional(), ...pageQuery }),
    reply: pageOf(signatureSchema),
  }),
} as const
