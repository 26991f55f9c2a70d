import { Anchor, Drawer, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { backups } from '#contract/backups.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'
import { ActButtons, type Acts } from './backup-acts.tsx'
import { DetailsTabs } from './backup-details.tsx'
import { BackupState } from './backup-state.tsx'
import type { DetailsTab } from './backups-search.ts'
import { useNewestGood } from './newest-good.tsx'

interface BackupDrawerProps {
  /** Nothing is open without one. */
  readonly id: string | undefined
  readonly tab: DetailsTab | undefined
  readonly acts: Acts
  readonly onTab: (tab: DetailsTab) => void
  readonly onClose: () => void
}

/** One backup with all that is known of it, beside the list it was found in. */
export function BackupDrawer({ id, onClose, acts, ...rest }: BackupDrawerProps) {
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      // Escape ends the dialog that lies above it, not both.
      closeOnEscape={acts.asked === undefined}
      position="right"
      size="min(60rem, 100%)"
      title={<Text fw={650}>Backup</Text>}
    >
      {id !== undefined && <Content key={id} id={id} acts={acts} {...rest} />}
    </Drawer>
  )
}

function Content({ id, tab, acts, onTab }: Omit<BackupDrawerProps, 'onClose'> & { readonly id: string }) {
  const reply = useReply(backups.details, { params: { id } })
  const { ids } = useNewestGood()
  return (
    <Loaded reply={reply} skeleton={<Skeleton height={420} />}>
      {(backup) => (
        <Stack gap="md">
          <div>
            <Text component="h2" m={0} fz="lg" fw={650} style={{ overflowWrap: 'anywhere' }}>
              {backup.name}
            </Text>
            <BackupState backup={backup} isNewestGood={ids.has(backup.id)} />
          </div>
          <Group gap="xs">
            <ActButtons backup={backup} acts={acts} />
            <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id }} {...props} />}>
              <Group gap={4} wrap="nowrap">
                <IconExternalLink size={14} aria-hidden /> As a page
              </Group>
            </Anchor>
          </Group>
          <DetailsTabs backup={backup} tab={tab} onTab={onTab} />
        </Stack>
      )}
    </Loaded>
  )
}
