import { open } from 'node:fs/promises'
import type { NoticeKind } from '#contract/notice-kinds.ts'
import { everything } from '#service/catalog/scope.ts'
import type { TestService } from './service.ts'

/** In the middle of the file; a second time puts it back. */
export async function flipOneByte(file: string): Promise<void> {
  await using handle = await open(file, 'r+')
  const { size } = await handle.stat()
  const at = Math.floor(size / 2)
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, at)
}

/** What is in doubt and nobody has settled. */
export async function openAlerts(here: TestService, kind: NoticeKind) {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('alerts').selectAll().where('kind', '=', kind).where('settled_at', 'is', null).execute(),
  )
}
