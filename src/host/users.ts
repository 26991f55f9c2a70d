import { readFile } from 'node:fs/promises'
import { errnoOf } from '#base/fault.ts'

/** Names of users and groups as this machine's files know them. */
export interface Accounts {
  /** Empty when the number has no name, as restic writes it. */
  userName(uid: number): string
  groupName(gid: number): string
  /** `undefined` when nobody has that name here: then the number is all there is. */
  uidOf(userName: string): number | undefined
  gidOf(groupName: string): number | undefined
}

/**
 * Reads passwd(5) and group(5) once; what is asked afterwards costs a look into a map. Accounts of a directory service
 * stay numbers, which is what is restored anyway.
 */
export async function readAccounts(folder = '/etc'): Promise<Accounts> {
  const users = parseAccounts(await contentOf(`${folder}/passwd`))
  const groups = parseAccounts(await contentOf(`${folder}/group`))
  return {
    userName: (uid) => users.names.get(uid) ?? '',
    groupName: (gid) => groups.names.get(gid) ?? '',
    uidOf: (name) => users.numbers.get(name),
    gidOf: (name) => groups.numbers.get(name),
  }
}

/** `name:password:number:…` a line, in both files. The first line with a number or a name counts, as in getpwuid(3). */
function parseAccounts(text: string): { names: Map<number, string>; numbers: Map<string, number> } {
  const names = new Map<number, string>()
  const numbers = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [name, , digits] = line.split(':')
    if (!name || digits === undefined || !/^\d+$/.test(digits)) continue
    const number = Number(digits)
    if (!names.has(number)) names.set(number, name)
    if (!numbers.has(name)) numbers.set(name, number)
  }
  return { names, numbers }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    // A minimal container has neither file; numbers suffice.
    if (errnoOf(error) === 'ENOENT') return ''
    throw error
  }
}
