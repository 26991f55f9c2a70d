import { homedir } from 'node:os'
import path from 'node:path'
import { environment } from '#host/environment.ts'

/** Where the service keeps its own: the machine's place for root, the user's otherwise. */
export function defaultDataDirectory(): string {
  if (process.getuid?.() === 0) return '/var/lib/integrum-service'
  const { XDG_DATA_HOME } = environment(['XDG_DATA_HOME'])
  return path.join(XDG_DATA_HOME ?? path.join(homedir(), '.local/share'), 'integrum-service')
}
