import { Box, Button, Group, Modal, NumberInput, Stack, Switch, Text } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { RepositoryView } from '#contract/repositories.ts'
import { verification } from '#contract/verification.ts'
import { useAct, useReply } from '#ui/call.ts'
import { printInstant } from '#ui/instants.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { toneClass } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'

type Reading = ReplyOf<typeof verification.show>

/** How often every byte is read again, so that damage is found while there is something to repair it from. */
export function ReadingSection({ repository: { id, tenantId, retiredAt } }: { readonly repository: RepositoryView }) {
  const may = useMay()
  const [isOpen, setIsOpen] = useState(false)
  const reply = useReply(verification.show, { params: { id } }, { isAsked: retiredAt === null })
  if (retiredAt !== null) return null
  return (
    <Section
      title="Reading every byte again"
      lead="Disks lose bytes without a word: a share of the repository is read each day."
      actions={
        may('repositories.write', tenantId) &&
        reply.data && (
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setIsOpen(true)}>
            Change
          </Button>
        )
      }
    >
      <Loaded reply={reply} skeleton={<TextSkeleton lines={4} />}>
        {(reading) => (
          <Stack gap="md">
            <Text>{reading.inWords}</Text>
            <Shares reading={reading} />
            <Facts
              rows={[
                ['Next share', reading.isActive ? <Instant key="due" at={reading.dueAt} /> : 'switched off'],
                ['No byte read longer ago than', <Instant key="since" at={reading.readSince} absent="some were never read" />],
              ]}
            />
            <Modal opened={isOpen} onClose={() => setIsOpen(false)} title={<Text fw={650}>Reading every byte again</Text>}>
              {isOpen && <ReadingForm id={id} reading={reading} onClose={() => setIsOpen(false)} />}
            </Modal>
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

/** One square a share: read and whole, read and damaged, not read yet. */
function Shares({ reading: { shares, everyDays, unread } }: { readonly reading: Reading }) {
  const byShare = new Map(shares.map((share) => [share.share, share]))
  const damaged = shares.filter(({ isIntact }) => !isIntact).length
  return (
    <div>
      <Box
        role="img"
        aria-label={`${shares.length} of ${everyDays} shares read, ${damaged} of them damaged, ${unread} not read yet`}
        style={{ display: 'flex', flexWrap: 'wrap', gap: 4 }}
      >
        {Array.from({ length: everyDays }, (_none, index) => {
          const share = byShare.get(index + 1)
          const tone = share === undefined ? 'neutral' : share.isIntact ? 'good' : 'bad'
          return (
            <span
              key={index}
              className={`tone ${toneClass(tone)}`}
              title={
                share === undefined
                  ? `Share ${index + 1}: not read yet`
                  : `Share ${index + 1}: ${printBytes(share.readBytes)} read ${printInstant(share.readAt)}${share.isIntact ? '' : ', DAMAGED'}`
              }
              style={{
                width: 18,
                height: 18,
                borderRadius: 4,
                border: '1px solid var(--tone-line)',
                textAlign: 'center',
                lineHeight: '16px',
                fontSize: 12,
              }}
            >
              {share === undefined ? '' : share.isIntact ? '✓' : '✗'}
            </span>
          )
        })}
      </Box>
      <Text size="sm" c="dimmed" mt={4}>
        {shares.length} of {counted(everyDays, 'share')} read{damaged > 0 && `, ${damaged} of them damaged`}; ✓ whole, ✗ damaged, empty not
        read yet
      </Text>
    </div>
  )
}

interface ReadingFormProps {
  readonly id: string
  readonly reading: Reading
  readonly onClose: () => void
}

function ReadingForm({ id, reading, onClose }: ReadingFormProps) {
  const act = useAct(verification.set, ['verification'])
  const [isActive, setIsActive] = useState(reading.isActive)
  const [everyDays, setEveryDays] = useState<number | ''>(reading.everyDays)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (everyDays !== '') act.mutate({ params: { id }, body: { isActive, everyDays } }, { onSuccess: onClose })
      }}
    >
      <Stack gap="md">
        <Switch
          label="Read it again and again"
          description="Switched off, damage is found when a restore needs the bytes."
          checked={isActive}
          onChange={(event) => setIsActive(event.currentTarget.checked)}
        />
        <Group align="flex-end">
          <NumberInput
            label="Every byte within so many days"
            description="1 to 365. Fewer days read more each day. Shares are counted anew."
            min={1}
            max={365}
            allowDecimal={false}
            required
            value={everyDays}
            onChange={(value) => setEveryDays(typeof value === 'number' ? value : '')}
          />
        </Group>
        <Refusal error={act.error} />
        <FormButtons submit="Save" isBusy={act.isPending} isDisabled={everyDays === ''} onCancel={onClose} />
      </Stack>
    </form>
  )
}
