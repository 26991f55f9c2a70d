import { Button } from '@mantine/core'
import { IconCheck, IconCopy, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { copyText } from './clipboard.ts'

interface CopyButtonProps {
  readonly text: string
  /** `Copy the statements`. */
  readonly children: string
}

/** Says whether it was copied, and keeps saying so. */
export function CopyButton({ text, children }: CopyButtonProps) {
  const [copied, setCopied] = useState<{ readonly text: string; readonly isDone: boolean }>()
  const isDone = copied?.text === text ? copied.isDone : undefined
  const Icon = isDone === undefined ? IconCopy : isDone ? IconCheck : IconX
  return (
    <Button
      variant="default"
      size="xs"
      className="no-print"
      leftSection={<Icon size={14} aria-hidden />}
      onClick={() => void copyText(text).then((done) => setCopied({ text, isDone: done }))}
    >
      <span aria-live="polite">{isDone === undefined ? children : isDone ? 'Copied' : 'Not copied: select the text by hand'}</span>
    </Button>
  )
}
