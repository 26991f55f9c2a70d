import type { ColumnMask } from '#base/settings.ts'
import type { MaskableTable } from '#engine/sources/postgres/mask-catalog.ts'
import type { SubjectStep } from '#engine/sources/postgres/row-masks.ts'
import type { ColumnPlace } from './column-links.ts'
import type { ValueMask } from './value-mask.ts'

/** One column and what becomes of its values. */
export interface PlannedMask extends ColumnPlace {
  readonly rule: ColumnMask
  readonly mask: ValueMask
  readonly because: string
  /** Of `shift`: how the server finds the subject. */
  readonly subject?: SubjectPath
}

export interface SubjectPath {
  readonly steps: readonly SubjectStep[]
  readonly column: string
}

export interface MaskPlan {
  readonly excluded: readonly MaskableTable[]
  readonly columns: readonly PlannedMask[]
  readonly warnings: readonly string[]
}

/** Why a column is masked that a rule names; another one is `linked` with it. */
export const statedHere = 'the settings say so'
