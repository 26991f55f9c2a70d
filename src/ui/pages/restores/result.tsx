import { Anchor, List, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { hintOf } from '#ui/hints.ts'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { printBytes, printDuration } from '#base/units.ts'
import type { RestoreView } from '#contract/restores.ts'
import { Facts, Figure } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized, counted, printWhole } from '#ui/words.ts'
import { replacedNothing } from './restore-state.ts'
import { WithInstants } from '#ui/pages/restore-wizard/loss-statement.tsx'

/** What was verified, measured and noted: numbers, as the engine counted them. */
export function Result({ restore }: { readonly restore: RestoreView }) {
  const { validationResults: results, kind, safetyBackupId, withoutSafetyBackupReason } = restore
  const { verified, notRestored = [], notes = [], changedAfterSwap = [], hookFault, releaseBackupId } = results
  return (
    <Section title="Result">
      <Stack gap="md">
        {verified && kind === 'restore' && (
          <>
            <Text size="sm">Restored, read back and compared with the backup, before anything went live:</Text>
            <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
              <Figure label="Tables" value={printWhole(verified.tables)} />
              <Figure label="Rows" value={printWhole(verified.rows)} />
              <Figure label="Files" value={printWhole(verified.files)} />
              <Figure label="Data" value={printBytes(verified.bytes)} />
            </SimpleGrid>
          </>
        )}
        <Facts
          rows={[
            ...(kind === 'release' ? [] : measured(restore)),
            ...(kind === 'restore'
              ? ([
                  [
                    'Safety backup',
                    safetyBackupId === null ? withoutSafety(withoutSafetyBackupReason) : <ToBackup key="safety" id={safetyBackupId} />,
                  ],
                ] as const)
              : []),
            ...(releaseBackupId ? ([['Backup of what was replaced', <ToBackup key="release" id={releaseBackupId} />]] as const) : []),
          ]}
        />
        {hookFault && (
          <Note tone="bad" title={`It is live, but a hook failed: ${hookFault.fact}`}>
            <Text size="sm">{hintOf(hookFault)}</Text>
          </Note>
        )}
        <Lines title={`Not restored (${notRestored.length})`} lines={notRestored} tone="warning" />
        <Lines
          title="Written to the replaced files after the swap, by programs that had them open"
          lines={changedAfterSwap}
          tone="warning"
        />
        {notes.length > 0 && (
          <div>
            <Title order={3}>Notes</Title>
            <List size="sm">
              {notes.map((note) => (
                <List.Item key={note}>
                  <WithInstants text={capitalized(note)} />
                </List.Item>
              ))}
            </List>
          </div>
        )}
        {notRestored.length === 0 && kind === 'restore' && <Text size="sm">Nothing was left out.</Text>}
      </Stack>
    </Section>
  )
}

function measured(restore: RestoreView): (readonly [string, ReactNode])[] {
  const { swappedAt, unreachableMs = null, rowsWrittenMeanwhile = null } = restore.validationResults
  if (replacedNothing(restore)) return [['There since', <Instant key="swapped" at={swappedAt} absent="not known" />]]
  return [
    ['Live since', <Instant key="swapped" at={swappedAt} absent="not known" />],
    ['Application without its data for', unreachableMs === null ? 'not known' : printDuration(unreachableMs)],
    ['Rows written meanwhile', rowsWrittenMeanwhile === null ? 'not counted' : meanwhile(rowsWrittenMeanwhile)],
  ]
}

function meanwhile(rows: number): string {
  if (rows === 0) return 'none, between beginning and swap'
  return `${counted(rows, 'row')}, between beginning and swap: they are in what was replaced alone`
}

function withoutSafety(reason: string | null): string {
  return reason === null ? 'none: nothing that existed was replaced' : `none, because: ${reason}`
}

function ToBackup({ id }: { readonly id: string }) {
  return <Anchor renderRoot={(props) => <Link to="/backups/$id" params={{ id }} {...props} />}>{id}</Anchor>
}

function Lines({ title, lines, tone }: { readonly title: string; readonly lines: readonly string[]; readonly tone: 'warning' }) {
  if (lines.length === 0) return null
  return (
    <Note tone={tone} title={title}>
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>
            <WithInstants text={line} />
          </List.Item>
        ))}
      </List>
    </Note>
  )
}
