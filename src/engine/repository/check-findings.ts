import assert from 'node:assert/strict'
import type { FaultCode } from '#base/fault-codes.ts'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { StorageName } from '#engine/storage/storage.ts'

export interface CheckProgress {
  readonly stage: 'structure' | 'trees' | 'packs'
  readonly doneBytes: number
  readonly totalBytes: number
}

/** One thing that is wrong, and the file it was seen in. */
export interface CheckFinding {
  /** Always a DAMAGE_ code. */
  readonly code: FaultCode
  readonly name: StorageName
  readonly fact: string
}

/** What was found, each thing once. */
export class Findings {
  readonly kept: CheckFinding[] = []
  readonly #seen = new Set<string>()
  count = 0

  /** Takes damage; any other error is thrown on, since then nothing is known. */
  add(error: unknown, name: StorageName): void {
    const damage = isFault(error, 'STORAGE_NOT_FOUND') ? vanished(name, error) : error
    if (!isFault(damage) || !damage.isDamage) throw error
    this.#note({ code: damage.code, name, fact: damage.message })
  }

  has(name: StorageName): boolean {
    return this.#seen.has(name)
  }

  /** Takes over what another look found, but for files of which something is known already. */
  join(others: Findings): void {
    for (const finding of others.kept) if (!this.has(finding.name)) this.#note(finding)
    this.count += others.count - others.kept.length
  }

  /** Runs one look whose damage, whatever its code, is that of `name`. */
  async collect(name: StorageName, code: FaultCode, look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      if (isFault(error, 'STORAGE_NOT_FOUND')) return this.#note({ code, name, fact: `${name} is missing` })
      this.add(error, name)
    }
  }

  #note(finding: CheckFinding): void {
    assert.ok(finding.code.startsWith('DAMAGE_'))
    this.#seen.add(finding.name)
    this.count += 1
    if (this.kept.length < limits.checkFindingsMax) this.kept.push(finding)
  }
}

const folderDamage: Readonly<Record<string, FaultCode>> = {
  keys: 'DAMAGE_KEY',
  snapshots: 'DAMAGE_SNAPSHOT',
  index: 'DAMAGE_INDEX',
  data: 'DAMAGE_MISSING_PACK',
}

/** A file that was listed and is gone: our lock stood, so no forget or prune took it. */
function vanished(name: StorageName, cause: unknown): Fault {
  return new Fault(
    folderDamage[name.split('/')[0] ?? ''] ?? 'DAMAGE_CONFIG',
    `${name} vanished while it was looked at`,
    { name },
    { cause },
  )
}
