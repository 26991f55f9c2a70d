import type { AnyJobKind } from './job-kind.ts'
import { repositoryCheckKind } from './kinds/repository-check.ts'

/** THE LIST: a new kind of job is a file in `kinds/`, one in `work/`, and one line here. */
export const jobKinds: readonly AnyJobKind[] = [
  // One on a line.
  repositoryCheckKind,
]
