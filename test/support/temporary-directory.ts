import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** An empty directory of its own for one test, removed with its scope. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const place = await mkdtemp(path.join(tmpdir(), 'integrum-test-'))
  return { path: place, [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }) }
}
