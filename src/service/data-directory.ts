import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { lockFile } from '#host/libc.ts'

/**
 * One service at a time works with a data directory: a second one would end the first one's PostgreSQL as left behind.
 * The claim ends with its scope, and with our process however that dies.
 */
export async function claimDataDirectory(directory: string): Promise<AsyncDisposable> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const handle = await open(path.join(directory, 'service.lock'), 'a', 0o600)
  if (!lockFile(handle.fd)) {
    await handle.close()
    throw new Fault('DATA_IN_USE', `another service runs with the data directory ${directory}`, { directory })
  }
  return { [Symbol.asyncDispose]: () => handle.close() }
}
