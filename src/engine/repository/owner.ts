import { hostname, userInfo } from 'node:os'

export interface Owner {
  readonly hostname: string
  readonly username: string
  readonly uid: number
  readonly gid: number
}

/** Who we are, as key files, locks and snapshots say it. A user without an entry in passwd, as in containers, is its number. */
export function owner(): Owner {
  const uid = process.getuid?.() ?? 0
  return { hostname: hostname(), username: usernameOf(uid), uid, gid: process.getgid?.() ?? 0 }
}

function usernameOf(uid: number): string {
  try {
    return userInfo().username
  } catch {
    // There is no name; the number says as much.
    return String(uid)
  }
}
