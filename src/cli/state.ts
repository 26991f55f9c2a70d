import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { environment } from '#host/environment.ts'

const systemState = '/var/lib/integrum'
const systemCache = '/var/cache/integrum'

/** Where journals and undo state live (DECISIONS "Where state lives"): the operator's choice, the system's place, the user's. */
export async function stateDirectory(given: string | undefined): Promise<string> {
  if (given !== undefined) return path.resolve(given)
  return (await ownPlace(systemState)) ?? path.join(userPlace('XDG_DATA_HOME', '.local/share'), 'integrum')
}

/** What may be lost at any time and makes the next command faster, as restic keeps it. */
export async function cacheDirectory(given: string | undefined): Promise<string> {
  if (given !== undefined) return path.resolve(given)
  return (await ownPlace(systemCache)) ?? path.join(userPlace('XDG_CACHE_HOME', '.cache'), 'integrum')
}

/** The system's place when it is ours to write. */
async function ownPlace(place: string): Promise<string | undefined> {
  for (const one of [place, path.dirname(place)]) {
    try {
      await access(one, constants.W_OK)
      return place
    } catch {
      // Not ours to write: the next place is asked.
    }
  }
  return undefined
}

function userPlace(variable: 'XDG_DATA_HOME' | 'XDG_CACHE_HOME', otherwise: string): string {
  return environment([variable])[variable] ?? path.join(homedir(), otherwise)
}
