import type { StageWork } from './stage-options.ts'

/** What comparing a staging database needs to know of how it was made. */
export interface VerifyWork extends Omit<StageWork, 'beside' | 'dumpFile' | 'restoreArguments' | 'roleOf' | 'hasMappedRoles'> {
  readonly postmasterStartTime: string
}
