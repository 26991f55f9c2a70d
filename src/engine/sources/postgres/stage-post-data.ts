import { listDump, printEntries, restoreSection, type DumpEntry } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'

/** Indexes, keys, triggers, rules, policies, publications, subscriptions (disabled), materialized views; event triggers last. */
export async function restorePostData(work: StageWork, signal: AbortSignal): Promise<void> {
  work.options.onProgress?.({ stage: 'post-data' })
  const entries = await listDump(work, 'post-data', signal)
  // An event trigger may forbid or change the DDL that comes after it, so nothing does.
  await restoreSection(work, 'post-data', { jobs: work.connections, entries: entries.filter((entry) => !isEventTrigger(entry)) }, signal)
  await restoreSection(work, 'post-data', { entries: entries.filter(isEventTrigger) }, signal)
  const text = await printEntries(
    work,
    entries.filter((entry) => /^(FK|CHECK) CONSTRAINT /.test(entry.text)),
    signal,
  )
  work.notValid = [...text.matchAll(/ NOT VALID;$/gm)].length
}

function isEventTrigger({ text }: DumpEntry): boolean {
  return /^(EVENT TRIGGER |(COMMENT|SECURITY LABEL) - EVENT TRIGGER )/.test(text)
}
