import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { environment } from '#host/environment.ts'

const systemState = '/var/lib/integrum'

/** Where journals and undo state live (DECISIONS "Where state lives"): the operator's choice, the system's place, the user's. */
export async function stateDirectory(given: string | undefined): Promise<string> {
  if (given !== undefined) return path.resolve(given)
  const parent = path.dirname(systemState)
  for (const place of [systemState, parent]) {
    try {
      await access(place, constants.W_OK)
      return systemState
    } catch {
      // Not ours to write: the next place is asked.
    }
  }
  const { XDG_DATA_HOME } = environment(['XDG_DATA_HOME'])
  return path.join(XDG_DATA_HOME ?? path.join(homedir(), '.local/share'), 'integrum')
}
