import type { BackupView } from '#contract/backups.ts'
import type { Wording } from '#ui/words.ts'
import { sentenceCase } from '#ui/words.ts'

export const typeWords: Readonly<Record<BackupView['type'], string>> = {
  full: 'Full',
  database: 'Databases',
  files: 'Files',
  masked: 'Masked',
  entity: 'Selection',
}

/** What a backup was made for, where it was not made to be restored one day. */
export function purposeWords(purpose: string): string | undefined {
  if (purpose === 'regular') return undefined
  if (purpose === 'safety') return 'Safety backup'
  return purpose === 'release' ? 'State before a restore' : sentenceCase(purpose)
}

type Judged = Pick<BackupView, 'status' | 'standing' | 'anomaly' | 'missingAt' | 'deletedAt' | 'removedAt'>

/** Why it cannot be called good; undefined of a good one. As retention decides it (docs/guide/retention.md, "Only good backups count"). */
export function flawOf({ status, standing, anomaly, missingAt, deletedAt, removedAt }: Judged): string | undefined {
  if (removedAt !== null) return 'it was removed'
  if (deletedAt !== null) return 'it is deleted'
  if (status === 'completed_with_gaps') return 'something could not be read when it was made'
  if (status === 'failed' || status === 'cancelled') return 'it was never finished'
  if (status !== 'completed') return 'it is still being made'
  if (missingAt !== null) return 'its snapshot is not in the repository any more'
  if (standing === 'failed') return 'reading it back found damage'
  if (anomaly !== null && anomaly.verdict === 'rejected') return 'somebody said that what is unlike others in it is wrong'
  return anomaly !== null && anomaly.verdict === null
    ? 'it is unlike those before it, and nobody has said whether that is right'
    : undefined
}

/** Its bytes are there to be read, so that it can be verified, browsed, downloaded, restored. */
export function isReadable({ status, missingAt, deletedAt, removedAt }: Judged): boolean {
  return (status === 'completed' || status === 'completed_with_gaps') && missingAt === null && deletedAt === null && removedAt === null
}

export function isUnderWay({ status }: Pick<BackupView, 'status'>): boolean {
  return status === 'pending' || status === 'in_progress'
}

/** Somebody is to say whether what is unlike others in it is right. */
export function awaitsVerdict({ anomaly }: Pick<BackupView, 'anomaly'>): boolean {
  return anomaly !== null && anomaly.verdict === null
}

export interface Flag extends Wording {
  readonly why: string
}

/** What else is to be known at a glance, beside its status and its standing. */
export function flagsOf(backup: BackupView & { readonly holdCount: number }): Flag[] {
  const { anomaly, missingAt, deletedAt, removedAt, holdCount, heldByAlert, gapCount } = backup
  const flags: Flag[] = []
  if (backup.type === 'masked')
    flags.push({
      words: 'Masked',
      tone: 'neutral',
      why: 'a copy for another place: it protects nothing, and never takes its system’s place',
    })
  if (removedAt !== null) flags.push({ words: 'Removed', tone: 'neutral', why: 'its bytes are not in the repository any more' })
  else if (deletedAt !== null) flags.push({ words: 'Deleted', tone: 'warning', why: 'it can be taken back until it is removed' })
  if (missingAt !== null) flags.push({ words: 'Missing', tone: 'bad', why: 'its snapshot is not in the repository any more' })
  if (anomaly !== null && anomaly.verdict !== 'accepted')
    flags.push({
      words: anomaly.verdict === null ? 'Unlike others' : 'Rejected',
      tone: anomaly.verdict === null ? 'warning' : 'bad',
      why: anomaly.findings[0]?.fact ?? 'it is unlike those before it',
    })
  if (holdCount > 0)
    flags.push({ words: 'On hold', tone: 'neutral', why: `${holdCount === 1 ? '1 legal hold keeps' : `${holdCount} legal holds keep`} it` })
  if (heldByAlert !== null) flags.push({ words: 'Kept by an alert', tone: 'warning', why: 'nobody deletes it until the alert is settled' })
  if (gapCount > 0) flags.push({ words: `${gapCount} ${gapCount === 1 ? 'gap' : 'gaps'}`, tone: 'warning', why: 'what could not be read' })
  const purpose = purposeWords(backup.purpose)
  if (purpose !== undefined) flags.push({ words: purpose, tone: 'neutral', why: 'made because of a restore' })
  return flags
}
