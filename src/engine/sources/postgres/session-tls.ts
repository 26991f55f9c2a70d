import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { hostFault } from '#host/durable.ts'
import { environment } from '#host/environment.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * What libpq makes of the modes ("SSL Support", "Protection Provided in Different Modes"): a root certificate makes
 * `require` verify as `verify-ca` does, which compares no host name. Certificates of our own come from PGSSLCERT and
 * PGSSLKEY, as they do for the tools.
 */
export async function tlsOf(target: DatabaseTarget): Promise<false | ConnectionOptions> {
  const mode = target.sslMode
  if (mode === undefined || mode === 'disable' || mode === 'allow' || mode === 'prefer') return false
  const named = environment(['PGSSLROOTCERT', 'PGSSLCERT', 'PGSSLKEY'])
  const root = target.sslRootCertificate ?? named['PGSSLROOTCERT']
  const [certificate, key] = [named['PGSSLCERT'], named['PGSSLKEY']]
  return {
    rejectUnauthorized: mode !== 'require' || root !== undefined,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(root !== undefined && { ca: await readCertificate(root) }),
    ...(certificate !== undefined && key !== undefined && { cert: await readCertificate(certificate), key: await readCertificate(key) }),
  }
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw hostFault(error, `the certificate ${file} cannot be read`)
  }
}
