import { Button, Drawer, Group, Stack, Text, Title } from '@mantine/core'
import { IconLockOpen } from '@tabler/icons-react'
import { useState } from 'react'
import { holds, type HoldView } from '#contract/holds.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { Covers } from './covers.tsx'
import { HeldBackups } from './held-backups.tsx'
import { HoldState } from './hold-state.tsx'
import { ReleaseHold } from './release-hold.tsx'

interface HoldDrawerProps {
  readonly id: string | undefined
  readonly onClose: () => void
}

export function HoldDrawer({ id, onClose }: HoldDrawerProps) {
  const [isReleasing, setIsReleasing] = useState(false)
  const reply = useReply(holds.details, { params: { id: id ?? '' } }, { isAsked: id !== undefined })
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      closeOnEscape={!isReleasing}
      position="right"
      size="min(48rem, 100%)"
      title={<Text fw={650}>Legal hold</Text>}
    >
      <Loaded reply={reply}>
        {(hold) => (
          <>
            <HoldDetails hold={hold} onRelease={() => setIsReleasing(true)} />
            {isReleasing && <ReleaseHold hold={hold} onClose={() => setIsReleasing(false)} />}
          </>
        )}
      </Loaded>
    </Drawer>
  )
}

function HoldDetails({ hold, onRelease }: { readonly hold: HoldView; readonly onRelease: () => void }) {
  const may = useMay()
  const { id, tenantId, reference, reason, placedAt, placedBy, releasedAt, releasedBy, releaseReason, held } = hold
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2}>{reference}</Title>
        <HoldState releasedAt={releasedAt} />
      </Group>
      <Facts
        rows={[
          ['What is held', <Covers key="covers" hold={hold} />],
          ['Reason', reason],
          ['Placed', <Instant key="placed" at={placedAt} />],
          ['Placed by', placedBy],
          ['Keeps now', counted(held, 'backup')],
          ...(releasedAt === null
            ? []
            : ([
                ['Released', <Instant key="released" at={releasedAt} />],
                ['Released by', `${releasedBy ?? 'somebody'}, signed`],
                ['Why', releaseReason ?? 'not said'],
              ] as const)),
        ]}
      />
      {releasedAt === null && may('holds.release', tenantId) && (
        <Group>
          <Button variant="default" leftSection={<IconLockOpen size={16} aria-hidden />} onClick={onRelease}>
            Release the hold
          </Button>
        </Group>
      )}
      {releasedAt === null && (
        <Stack gap="xs">
          <Title order={3}>Which backups it keeps</Title>
          <HeldBackups holdId={id} />
        </Stack>
      )}
    </Stack>
  )
}
