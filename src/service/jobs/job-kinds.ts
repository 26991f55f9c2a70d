import type { AnyJobKind } from './job-kind.ts'
import { catalogCopyKind } from './kinds/catalog-copy.ts'
import { auditCopyKind } from './kinds/audit-copy.ts'
import { backupKind } from './kinds/backup.ts'
import { drillKind } from './kinds/drill.ts'
import { exportKind } from './kinds/export.ts'
import { holdRecordsKind } from './kinds/hold-records.ts'
import { importKind } from './kinds/import.ts'
import { pruneKind } from './kinds/prune.ts'
import { recordsPreviewKind } from './kinds/records-preview.ts'
import { removeKind } from './kinds/remove.ts'
import { repositoryCheckKind } from './kinds/repository-check.ts'
import { releaseKind } from './kinds/release.ts'
import { releaseRecordsKind } from './kinds/release-records.ts'
import { restorePreviewKind } from './kinds/restore-preview.ts'
import { restoreKind } from './kinds/restore.ts'
import { restoreRecordsKind } from './kinds/restore-records.ts'
import { undoKind } from './kinds/undo.ts'
import { undoRecordsKind } from './kinds/undo-records.ts'
import { verifyKind } from './kinds/verify.ts'

/** THE LIST: a new kind of job is a file in `kinds/`, one in `work/`, and one line here. */
export const jobKinds: readonly AnyJobKind[] = [
  // One on a line.
  repositoryCheckKind,
  backupKind,
  verifyKind,
  exportKind,
  importKind,
  removeKind,
  pruneKind,
  holdRecordsKind,
  restorePreviewKind,
  restoreKind,
  undoKind,
  releaseKind,
  recordsPreviewKind,
  restoreRecordsKind,
  undoRecordsKind,
  releaseRecordsKind,
  auditCopyKind,
  catalogCopyKind,
  drillKind,
]
