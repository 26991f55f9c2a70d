import type { BackupStanding, Proofs } from '#engine/repository/proofs.ts'
import { unreachable } from '#base/unreachable.ts'
import type { Output } from './output.ts'

/** As the glossary's statuses say it. */
export function printStanding({ state, at }: Pick<BackupStanding, 'state' | 'at'>): string {
  const day = at?.slice(0, 10)
  switch (state) {
    case 'proven':
      return `Proven restorable (${day})`
    case 'intact':
      return `Intact (${day})`
    case 'failed':
      return `FAILED its last test (${day})`
    case 'unverified':
      return 'Unverified'
    default:
      return unreachable(state)
  }
}

/** Whoever put it there, or whatever became of it: it counts for nothing. */
export function nameRefused(output: Output, { refused }: Proofs): void {
  for (const { snapshot, backup, fact } of refused) output.note(`IGNORED  proof ${snapshot.slice(0, 8)} of backup ${backup}: ${fact}`)
}
