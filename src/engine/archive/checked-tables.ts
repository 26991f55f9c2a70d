import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import type { DatabaseSection, TableSection } from '#engine/sources/postgres/database-section.ts'
import { createRowHash } from '#engine/sources/postgres/row-hash.ts'
import { damagedArchive } from './archive-fault.ts'

interface CheckedTable {
  readonly table: TableSection
  readonly hash: ReturnType<typeof createRowHash>
  segments: number
}

/** Files of a database without which nothing can be restored, segments of tables aside. */
const neededFiles = ['SHA256SUMS', 'globals.sql', 'rest.dump', 'restore.sh', 'schema.sql']

/** Counts and hashes the rows of an archive on their way and compares them with its manifest. */
export class CheckedTables {
  readonly #tables = new Map<string, CheckedTable>()
  readonly #needed = new Set<string>()
  readonly #listSums = new Map<string, string>()

  constructor(manifest: Manifest) {
    for (const section of manifest.databases) this.#add(section)
  }

  #add(section: DatabaseSection): void {
    const folder = byteStringOf(`database/${section.name}`)
    this.#listSums.set(`${folder}/SHA256SUMS`, section.segmentsSha256)
    for (const name of neededFiles) this.#needed.add(`${folder}/${name}`)
    for (const table of section.tables) {
      const hash = createRowHash(Buffer.from(section.hashKey, 'hex'))
      this.#tables.set(`${folder}/${byteStringOf(table.path)}`, { table, hash, segments: 0 })
    }
  }

  /** What is fed with the rows of a segment; undefined for any other file. DAMAGE_ARCHIVE for one out of its turn. */
  segmentAt(path: ByteString): { update(bytes: Uint8Array): void } | undefined {
    const slash = path.lastIndexOf('/')
    const found = this.#tables.get(path.slice(0, slash))
    if (!found) return undefined
    const expected = `${String(found.segments).padStart(6, '0')}.copy`
    if (path.slice(slash + 1) !== expected) throw damagedArchive(`${path} stands where ${expected} should`)
    found.segments += 1
    return found.hash
  }

  file(path: ByteString, sha256: string): void {
    this.#needed.delete(path)
    const told = this.#listSums.get(path)
    if (told !== undefined && told !== sha256) throw damagedArchive(`${path} is not the one that the manifest names`)
  }

  end(): void {
    const [missing] = this.#needed
    if (missing !== undefined) throw damagedArchive(`the archive has no ${missing}`)
    for (const { table, hash, segments } of this.#tables.values()) {
      const name = `table ${table.schema}.${table.table}`
      if (segments !== table.segments) throw damagedArchive(`${name} has ${segments} segments, the manifest says ${table.segments}`)
      const found = hash.digest()
      if (found.rows !== table.hash.rows || found.sum !== table.hash.sum) {
        throw damagedArchive(
          `${name} has ${found.rows} rows with hash ${found.sum}, the manifest says ${table.hash.rows} with ${table.hash.sum}`,
        )
      }
    }
  }
}
