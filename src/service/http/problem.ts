import type { Fault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import type { Problem } from '#contract/endpoint.ts'

/** What the codes mean over HTTP. Whatever stands in neither list: the state of the world refuses what was asked (409). */
const statusOfCode: Partial<Record<FaultCode, number>> = {
  INPUT_INVALID: 422,
  BODY_INVALID: 400,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE: 415,
  NOT_SIGNED_IN: 401,
  SIGN_IN_REFUSED: 401,
  FORBIDDEN: 403,
  REAUTHENTICATION: 403,
  OIDC_OFF: 404,
  OIDC_PROVIDER: 502,
  OIDC_REFUSED: 401,
  OIDC_NO_ACCOUNT: 403,
  PASSWORD_LINK: 403,
  ROLES_BEYOND: 403,
  SET_UP_LINK: 403,
  PASSWORD_CHANGE_NEEDED: 403,
  SESSION_NEEDED: 403,
  ORIGIN_REFUSED: 403,
  NOT_FOUND: 404,
  BACKUP_NOT_FOUND: 404,
  FILE_NOT_IN_BACKUP: 404,
  RESTORE_NOT_FOUND: 404,
  TOO_MANY_REQUESTS: 429,
  IDEMPOTENCY_KEY_REUSED: 422,
  DOUBLE_SUBMIT: 409,
  CATALOG_UNREACHABLE: 503,
  NOT_READY: 503,
  SHUTTING_DOWN: 503,
  DATABASE_UNREACHABLE: 502,
  STORAGE_FULL: 507,
  DISK_FULL: 507,
}

export function statusOf(fault: Fault): number {
  const status = statusOfCode[fault.code]
  if (status !== undefined) return status
  return fault.exitCode === 2 ? 422 : 409
}

/** RFC 9457. The fault's own words and facts; nothing of what caused it. */
export function problemOf(fault: Fault): Problem {
  const { field, ...facts } = fault.facts
  const status = statusOf(fault)
  return {
    type: `urn:integrum:fault:${fault.code.toLowerCase().replaceAll('_', '-')}`,
    title: fault.code,
    status,
    detail: fault.message,
    code: fault.code,
    hint: fault.hint,
    ...(typeof field === 'string' && { field }),
    ...(Object.keys(facts).length > 0 && { facts }),
  }
}

/** Of a mistake of ours: the reply says that there was one, the log has the rest. */
export const internalProblem: Problem = {
  type: 'urn:integrum:fault:internal',
  title: 'INTERNAL',
  status: 500,
  detail: 'the service met a mistake of its own',
  code: 'INTERNAL',
  hint: 'Nothing was changed by this request. The log has the details under its request id; please report it.',
}
