import { hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Fault, messageOf } from '#base/fault.ts'
import type { MaskOrder } from '#engine/backup/order.ts'
import { maskKeyOf } from '#engine/repository/mask-key.ts'
import type { Repository } from '#engine/repository/repository.ts'

/** As `openssl rand -hex 16` writes: 128 bits in the fewest characters. */
const keyLengthMin = 32

/** The key of a file that the operator gives, else the one that the repository has for the system. MASK_KEY. */
export async function maskOrder(
  file: string | undefined,
  { repository, system }: { readonly repository: Repository; readonly system: string },
): Promise<MaskOrder> {
  if (file === undefined) return { key: maskKeyOf(repository, system), keyedBy: 'repository' }
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new Fault('MASK_KEY', `the file of the mask key cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  if (text.length < keyLengthMin)
    throw new Fault('MASK_KEY', `the mask key in ${file} has ${text.length} characters, it needs ${keyLengthMin}`, { file })
  return { key: Buffer.from(hkdfSync('sha256', text, '', 'integrum mask key 1', 32)), keyedBy: 'key-file' }
}
