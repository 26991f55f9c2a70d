import { constants } from 'node:os'
import { getSystemErrorMessage } from 'node:util'
import koffi from 'koffi'

/** Why the call into the C library that this thread made last has failed, with what Node's own errors have. */
export function libcError(syscall: string, path: string | Uint8Array): NodeJS.ErrnoException & { code: string } {
  const errno = koffi.errno()
  const code = errnoNames.get(errno) ?? `E${errno}`
  const where = path.length === 0 ? '' : ` '${typeof path === 'string' ? path : Buffer.from(path).toString('utf8')}'`
  return Object.assign(new Error(`${code}: ${getSystemErrorMessage(-errno)}, ${syscall}${where}`), { code, errno: -errno, syscall })
}

/** Two names may share a number; these are the ones that documents use. */
const preferredNames = new Set(['EAGAIN', 'ENOTSUP'])
const errnoNames = new Map<number, string>()
for (const [name, number] of Object.entries(constants.errno)) {
  if (!errnoNames.has(number) || preferredNames.has(name)) errnoNames.set(number, name)
}
