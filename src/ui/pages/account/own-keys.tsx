import { Button, Modal, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useState } from 'react'
import { keys, type Key } from '#contract/keys.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { ShownOnce } from '#ui/parts/shown-once.tsx'
import type { Person } from '#ui/session.ts'
import { KeyTable } from './key-table.tsx'
import { NewKey } from './new-key.tsx'

export function OwnKeys({ person }: { readonly person: Person }) {
  const reply = useReply(keys.list, {})
  const [isAdding, setIsAdding] = useState(false)
  const [ending, setEnding] = useState<Key>()
  return (
    <Section
      title="Keys for programs"
      lead="A program acts for you with a part of what you may do. It cannot sign, and cannot change accounts."
      actions={
        <Button variant="default" onClick={() => setIsAdding(true)}>
          New key
        </Button>
      }
    >
      <Loaded
        reply={reply}
        isEmpty={({ rows }) => rows.length === 0}
        empty={
          <Placeholder icon={<IconKey size={36} aria-hidden />} title="No keys">
            Make one for a script or for the command line of another machine.
          </Placeholder>
        }
      >
        {({ rows }) => <KeyTable label="Your keys" keys={rows} onEnd={setEnding} />}
      </Loaded>
      <NewKeyDialog isOpen={isAdding} person={person} onClose={() => setIsAdding(false)} />
      <EndKey ending={ending} onClose={() => setEnding(undefined)} />
    </Section>
  )
}

interface NewKeyDialogProps {
  readonly isOpen: boolean
  readonly person: Person
  readonly onClose: () => void
}

function NewKeyDialog({ isOpen, person, onClose }: NewKeyDialogProps) {
  const [made, setMade] = useState<{ readonly name: string; readonly token: string }>()
  const isHeld = made !== undefined
  const close = () => {
    setMade(undefined)
    onClose()
  }
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
      withCloseButton={!isHeld}
      size="lg"
      title={
        <Text fw={650} component="span">
          {isHeld ? 'The key is made' : 'A key for a program'}
        </Text>
      }
    >
      {isHeld ? (
        <ShownOnce
          what={`Key ${made.name}`}
          lines={[made.token]}
          fileName={`integrum-key-${made.name.replaceAll(/[^\w.-]+/g, '-')}.txt`}
          saved="I have put it where the program finds it"
          onDone={close}
        >
          Send it as <code>Authorization: Bearer …</code>. Whoever has it may do what it allows, as you.
        </ShownOnce>
      ) : (
        <NewKey person={person} onMade={setMade} onCancel={close} />
      )}
    </Modal>
  )
}

function EndKey({ ending, onClose }: { readonly ending: Key | undefined; readonly onClose: () => void }) {
  const act = useAct(keys.revoke, ['keys'])
  return (
    <Confirm
      isOpen={ending !== undefined}
      onClose={onClose}
      title={`End the key ${ending?.name ?? ''}?`}
      submit="End it"
      isBusy={act.isPending}
      error={act.error}
      onConfirm={() => ending && act.mutate({ params: { id: ending.id } }, { onSuccess: onClose })}
    >
      Whatever uses it is refused from now on. It cannot be taken back; a new key is made in a minute.
    </Confirm>
  )
}
