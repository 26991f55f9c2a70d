import { Button, Checkbox, Group, Stack, Text, Title } from '@mantine/core'
import { IconDownload, IconPrinter } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { saveText } from './clipboard.ts'
import { CopyButton } from './copy-button.tsx'
import { Note } from './tone.tsx'

interface ShownOnceProps {
  /** What it is: `Recovery codes`. */
  readonly what: string
  readonly lines: readonly string[]
  /** What it is for, and what happens without it. */
  readonly children: ReactNode
  /** With one it can be saved as a file. */
  readonly fileName?: string
  readonly canPrint?: boolean
  /** What has to be ticked before it may be left: `I have saved these codes`. */
  readonly saved: string
  readonly done?: string
  readonly onDone: () => void
}

/** A secret that nobody can be shown again: it is left only by whoever says that it is kept. */
export function ShownOnce({ what, lines, children, fileName, canPrint = false, saved, done = 'Done', onDone }: ShownOnceProps) {
  const [isSaved, setIsSaved] = useState(false)
  const text = lines.join('\n')
  return (
    <Stack gap="sm">
      <div className="print-alone">
        <Title order={3}>{what}</Title>
        <Text size="sm" mb="sm" component="div">
          {children}
        </Text>
        <pre className="secret" tabIndex={0} aria-label={what}>
          {text}
        </pre>
      </div>
      <Note tone="warning">This is shown once. It cannot be shown again, to anybody.</Note>
      <Group gap="xs" className="no-print">
        <CopyButton text={text}>Copy</CopyButton>
        {fileName !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconDownload size={14} aria-hidden />}
            onClick={() => saveText(fileName, `${what}\n\n${text}\n`)}
          >
            Save as a file
          </Button>
        )}
        {canPrint && (
          <Button size="xs" variant="default" leftSection={<IconPrinter size={14} aria-hidden />} onClick={() => window.print()}>
            Print
          </Button>
        )}
      </Group>
      <Group justify="space-between" gap="sm" className="no-print">
        <Checkbox label={saved} checked={isSaved} onChange={(event) => setIsSaved(event.currentTarget.checked)} />
        <Button disabled={!isSaved} onClick={onDone}>
          {done}
        </Button>
      </Group>
    </Stack>
  )
}
