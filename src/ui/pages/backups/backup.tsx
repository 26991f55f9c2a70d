import { Button, Stack } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { backups } from '#contract/backups.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { ActButtons, ActDialogs, useActs } from './backup-acts.tsx'
import { DetailsSections } from './backup-details.tsx'
import { BackupState } from './backup-state.tsx'
import { flawOf, isUnderWay } from './backup-words.ts'
import { useNewestGood } from './newest-good.tsx'

/** One backup with all that is known of it, to be sent as a link and to be printed. */
export function BackupPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(backups.details, { params: { id } })
  const { ids } = useNewestGood()
  const acts = useActs()
  const { data } = reply
  return (
    <Page
      title={data?.name ?? 'Backup'}
      trail={[{ title: 'Backups', to: '/backups' }]}
      lead={
        data && (
          <>
            Made <Instant at={data.createdAt} /> (<Ago at={data.createdAt} />) of {data.systemName}
          </>
        )
      }
      actions={
        data && (
          <>
            <ActButtons backup={data} acts={acts} />
            <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
              Print
            </Button>
          </>
        )
      }
    >
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {(backup) => (
          <Stack gap="lg">
            <BackupState backup={backup} isNewestGood={ids.has(id)} />
            {flawOf(backup) !== undefined && !isUnderWay(backup) && (
              <Note tone="warning" title={`It is no good backup: ${flawOf(backup)}`} />
            )}
            <DetailsSections backup={backup} />
          </Stack>
        )}
      </Loaded>
      <ActDialogs acts={acts} />
    </Page>
  )
}
