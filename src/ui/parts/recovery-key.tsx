import { Box, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconDownload, IconPrinter } from '@tabler/icons-react'
import { useState } from 'react'
import { saveText } from './clipboard.ts'
import { CopyButton } from './copy-button.tsx'
import { Facts } from './facts.tsx'
import { FormButtons } from './refusal.tsx'
import { groupsOf, isLastGroup, printSheet, type RecoverySheet } from './recovery-sheet.ts'
import { Instant } from './time.tsx'
import { Note } from './tone.tsx'

interface RecoveryKeyProps {
  readonly sheet: RecoverySheet
  /** The last group was typed back from what was saved. */
  readonly onSaved: () => void
}

/**
 * The recovery key of a new repository, which nobody can show again: whoever made it types a part of it back before going on.
 * Around it a page that is left or loaded again should ask first; see `useBlocker` in storage/add-repository.tsx.
 */
export function RecoveryKey({ sheet, onSaved }: RecoveryKeyProps) {
  return (
    <Stack gap="md" maw={760}>
      <Note tone="warning" title="This key is shown once. Save it now.">
        It is kept nowhere. If the password and this key are both lost, nobody can read the backups, we and you included.
      </Note>
      <Groups recoveryKey={sheet.recoveryKey} />
      <Group gap="xs" className="no-print">
        <CopyButton text={sheet.recoveryKey}>Copy</CopyButton>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => saveText(`recovery-key-${sheet.name}.txt`, printSheet(sheet))}
        >
          Download as text
        </Button>
        <Button variant="default" size="xs" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>
          Print
        </Button>
      </Group>
      <Facts
        rows={[
          ['Opens', `the repository ${sheet.name}`],
          ['Place', sheet.place],
          ['Repository', <code key="id">{sheet.repositoryId.slice(0, 16)}…</code>],
          ['Made', <Instant key="at" at={sheet.at} />],
        ]}
      />
      <Text size="sm" c="dimmed">
        Keep it offline and apart from the repository: a sealed envelope in a safe, or a password vault that does not run on the machines
        you protect. Whoever has both the key and the repository can read every record in it.
      </Text>
      <TypedBack recoveryKey={sheet.recoveryKey} onSaved={onSaved} />
    </Stack>
  )
}

function Groups({ recoveryKey }: { readonly recoveryKey: string }) {
  return (
    <Box
      className="surface"
      p="lg"
      role="group"
      aria-label="Recovery key"
      ff="monospace"
      fz={{ base: 18, sm: 22 }}
      fw={650}
      style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(7.5rem, 1fr))', gap: '0.4rem 1rem', maxWidth: 560 }}
    >
      {groupsOf(recoveryKey).map((group) => (
        <span key={group} style={{ letterSpacing: '0.08em' }}>
          {group}
        </span>
      ))}
    </Box>
  )
}

function TypedBack({ recoveryKey, onSaved }: { readonly recoveryKey: string; readonly onSaved: () => void }) {
  const [typed, setTyped] = useState('')
  const [isWrong, setIsWrong] = useState(false)
  return (
    <form
      className="no-print"
      onSubmit={(event) => {
        event.preventDefault()
        if (isLastGroup(recoveryKey, typed)) onSaved()
        else setIsWrong(true)
      }}
    >
      <TextInput
        label="The last group, typed from what you saved"
        description="Six letters and digits, at the end of the key."
        error={isWrong && 'That is not the last group of this key. Look at what you saved.'}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        required
        maw={440}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setIsWrong(false)
        }}
      />
      <FormButtons submit="I have saved it, go on" isBusy={false} isDisabled={typed.trim() === ''} />
    </form>
  )
}
