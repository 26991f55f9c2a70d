import type { FaultCode } from '#base/fault-codes.ts'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'

const codes: Readonly<Record<string, FaultCode>> = {
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EFBIG: 'STORAGE_FULL',
  EACCES: 'STORAGE_DENIED',
  EPERM: 'STORAGE_DENIED',
  EROFS: 'STORAGE_DENIED',
  ETIMEDOUT: 'STORAGE_TIMEOUT',
}

/** An error of the file system as a fault of the storage; a Fault stays what it is. All others mean that it is not reachable. */
export function faultOf(error: unknown, what: string, place: string): Fault {
  if (error instanceof Fault) return error
  const errno = errnoOf(error)
  return new Fault(
    (errno && codes[errno]) || 'STORAGE_UNREACHABLE',
    `${what}: ${messageOf(error)}`,
    { place, errno: errno ?? null },
    { cause: error },
  )
}
