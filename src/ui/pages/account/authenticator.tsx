import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { askAgain } from '#ui/call.ts'
import { Note } from '#ui/parts/tone.tsx'
import type { Person } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { EnrolAuthenticator } from './enrol-authenticator.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { RemoveAuthenticator } from './remove-authenticator.tsx'
import { RenewCodes } from './renew-codes.tsx'

type Open = 'enrol' | 'renew' | 'remove'

const titles: Readonly<Record<Open, string>> = {
  enrol: 'Set up an authenticator',
  renew: 'New recovery codes',
  remove: 'Remove the authenticator',
}

/** What is enough codes to be calm. */
const fewCodes = 3

export function Authenticator({ person }: { readonly person: Person }) {
  const [open, setOpen] = useState<Open>()
  const { isTotpEnrolled, recoveryCodesLeft, hasPassword } = person
  return (
    <Stack gap="sm">
      <Text size="sm">
        {isTotpEnrolled
          ? `Set up. Signing in and every signature ask for its code; ${counted(recoveryCodesLeft, 'recovery code')} left for when it is lost.`
          : 'Not set up. With one, a stolen password opens nothing; and nobody can sign a restore or a deletion without one.'}
      </Text>
      {isTotpEnrolled && recoveryCodesLeft < fewCodes && (
        <Note tone="warning">Make new recovery codes: without one, a lost authenticator takes an administrator to reset it.</Note>
      )}
      {!hasPassword && (
        <Note tone="neutral">
          You sign in through your organization. A signature needs a password of its own here: ask an administrator for a password link.
        </Note>
      )}
      {hasPassword && (
        <Group gap="xs">
          {!isTotpEnrolled && <Button onClick={() => setOpen('enrol')}>Set up an authenticator</Button>}
          {isTotpEnrolled && (
            <>
              <Button variant="default" onClick={() => setOpen('renew')}>
                New recovery codes
              </Button>
              <Button variant="default" onClick={() => setOpen('remove')}>
                Remove it
              </Button>
            </>
          )}
        </Group>
      )}
      <Dialog open={open} person={person} onClose={() => setOpen(undefined)} />
    </Stack>
  )
}

interface DialogProps {
  readonly open: Open | undefined
  readonly person: Person
  readonly onClose: () => void
}

/** While codes stand there that nobody can be shown again it closes by its own button alone. */
function Dialog({ open, person, onClose }: DialogProps) {
  const [codes, setCodes] = useState<readonly string[]>()
  const done = () => {
    setCodes(undefined)
    onClose()
    void askAgain(['me'])
  }
  const isHeld = codes !== undefined
  return (
    <Modal
      opened={open !== undefined || isHeld}
      onClose={onClose}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
      withCloseButton={!isHeld}
      size="lg"
      title={
        <Text fw={650} component="span">
          {isHeld ? 'Keep your recovery codes' : open && titles[open]}
        </Text>
      }
    >
      {isHeld && <RecoveryCodes codes={codes} name={person.name} onDone={done} />}
      {!isHeld && open === 'enrol' && <EnrolAuthenticator onCodes={setCodes} onCancel={onClose} />}
      {!isHeld && open === 'renew' && <RenewCodes onCodes={setCodes} onCancel={onClose} />}
      {!isHeld && open === 'remove' && <RemoveAuthenticator onDone={done} onCancel={onClose} />}
    </Modal>
  )
}
