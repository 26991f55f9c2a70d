import { SimpleGrid, Stack, Text } from '@mantine/core'
import { hintOf } from '#ui/hints.ts'
import { printBytes, printDuration } from '#base/units.ts'
import { backups, type BackupType } from '#contract/backups.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Facts, Figure } from '#ui/parts/facts.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted, printPercent, sentenceCase } from '#ui/words.ts'
import { linesOf, type BackupDraft } from './backup-draft.ts'
import { MaskedNotes, maskedFacts } from './masked-parts.tsx'
import { SelectionNotes, selectionFacts } from './selection-review.tsx'

type Estimate = ReplyOf<typeof backups.estimate>

interface ReviewStepProps {
  readonly system: SystemView
  readonly draft: BackupDraft
}

/** What will be in it, and how large and long it may be: each number with where it comes from. */
export function ReviewStep({ system, draft }: ReviewStepProps) {
  const excluded = Object.entries(draft.exclusions).flatMap(([root, text]) => linesOf(text).map((line) => `${root}: ${line}`))
  return (
    <Stack gap="md">
      <Facts
        rows={[
          ['System', `${system.title} (${system.name})`],
          ...extentFacts({ system, draft }),
          ['Repository', system.repository.name],
          ['Name', draft.name.trim() === '' ? 'by the system, the type and the time' : draft.name],
          ['Compression', `zstd ${draft.compressionLevel}`],
          ...(draft.type === 'database'
            ? []
            : ([['Left out, this time', excluded.length === 0 ? 'nothing' : excluded.join(', ')]] as const)),
          ['One moment', quiesceWords(system)],
        ]}
      />
      {draft.extent === 'some' && <SelectionNotes />}
      {draft.extent === 'masked' && <MaskedNotes />}
      {draft.extent === 'everything' && <EstimateFor systemId={system.id} type={draft.type} />}
    </Stack>
  )
}

function extentFacts({ system, draft }: ReviewStepProps) {
  if (draft.extent === 'some') return selectionFacts(draft)
  return draft.extent === 'masked' ? maskedFacts({ system }) : [['Type', sentenceCase(draft.type)] as const]
}

function EstimateFor({ systemId, type }: { readonly systemId: string; readonly type: BackupType }) {
  const reply = useReply(backups.estimate, { body: { systemId, type } })
  return (
    <Loaded
      reply={reply}
      skeleton={
        <>
          <Text size="sm">Asking the sources how large they are…</Text>
          <TextSkeleton lines={5} />
        </>
      }
    >
      {(estimate) => <EstimateOf estimate={estimate} />}
    </Loaded>
  )
}

function quiesceWords({ settings, databases, roots }: SystemView): string {
  if (settings.hooks.beforeBackup !== undefined) return 'the application is paused by a hook before it, and goes on after'
  if (databases.length > 0 && roots.length > 0)
    return 'each database at one instant, files from that instant on; no hook pauses the application'
  return 'no hook pauses the application'
}

interface Source {
  readonly name: string
  readonly kind: 'Database' | 'Files'
  readonly files: number | null
  readonly bytes: Estimate['databases'][number]['bytes']
  readonly fact: string | undefined
}

const columns: readonly Column<Source>[] = [
  { id: 'name', title: 'Source', cell: ({ name }) => name },
  { id: 'kind', title: 'Kind', cell: ({ kind, files }) => (files === null ? kind : `${kind}, ${counted(files, 'file')}`) },
  { id: 'bytes', title: 'Size', isNumber: true, cell: ({ bytes }) => (bytes.value === null ? 'not known' : printBytes(bytes.value)) },
  { id: 'from', title: 'Known from', cell: ({ bytes, fact }) => fact ?? fromWords[bytes.from ?? 'nobody'] },
]

const fromWords: Readonly<Record<string, string>> = {
  server: 'the server, just now',
  'last-backup': 'the last backup',
  walk: 'a look through the directory, just now',
  sum: 'the sum of the sources',
  nobody: 'nobody knows yet',
}

function EstimateOf({ estimate }: { readonly estimate: Estimate }) {
  const { databases, roots, logicalBytes, storedBytes, durationSeconds } = estimate
  const sources: readonly Source[] = [
    ...databases.map(({ name, bytes, fault }): Source => ({ name, bytes, kind: 'Database', files: null, fact: fault?.fact })),
    ...roots.map(({ name, bytes, files, fault }): Source => ({ name, bytes, files, kind: 'Files', fact: fault?.fact })),
  ]
  const faults = [...databases, ...roots].flatMap(({ name, fault }) => (fault ? [{ name, ...fault }] : []))
  return (
    <Stack gap="md">
      {faults.map(({ name, code, fact, hint }) => (
        <Note key={name} tone="warning" title={`${name}: ${fact}`}>
          {hintOf({ code, hint })} The backup would most likely fail.
        </Note>
      ))}
      <DataTable label="What is included" noun="source" columns={columns} rows={sources} keyOf={({ kind, name }) => `${kind} ${name}`} />
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Figure
          label="To read"
          value={logicalBytes.value === null ? 'not known' : printBytes(logicalBytes.value)}
          note={logicalBytes.value === null ? 'the size of a source is not known' : fromWords['sum']}
        />
        <Figure
          label="To store, about"
          value={storedBytes.value === null ? 'not known' : printBytes(storedBytes.value)}
          note={predictedFrom(storedBytes)}
        />
        <Figure
          label="Time, about"
          value={durationSeconds.value === null ? 'not known' : printDuration(durationSeconds.value * 1000)}
          note={predictedFrom(durationSeconds)}
        />
      </SimpleGrid>
    </Stack>
  )
}

function predictedFrom({ value, typicalError, triedOn }: Estimate['storedBytes']): string {
  if (value === null) return 'known after the first backup of this type'
  if (typicalError === null) return 'from past backups; too few to say how well'
  return `from past backups; usually within ${printPercent(typicalError)}, tried on ${triedOn}`
}
