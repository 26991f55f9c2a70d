import { Box, Group, Text, VisuallyHidden } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconHelpCircle, IconShieldCheck, type Icon } from '@tabler/icons-react'
import { format } from 'date-fns'
import { useRef } from 'react'
import type { BackupView } from '#contract/backups.ts'
import { printInstant, printZone } from '#ui/instants.ts'
import { toneClass } from '#ui/parts/tone.tsx'
import { sentenceCase, standingWords, wordingOf, type Tone } from '#ui/words.ts'
import { obstacleOf } from './backup-choice.ts'
import { placeMarks, ticksOf, type Span } from './timeline-layout.ts'

const markPx = 26
const axisPx = 26

interface Sign {
  readonly Icon: Icon
  readonly tone: Tone
  readonly words: string
}

const signs = {
  proven: { Icon: IconShieldCheck, tone: 'good', words: 'proven by a restore or drill' },
  intact: { Icon: IconCircleCheck, tone: 'good', words: 'verified' },
  unverified: { Icon: IconHelpCircle, tone: 'neutral', words: 'not verified' },
  unlike: { Icon: IconAlertTriangle, tone: 'warning', words: 'unlike those before it' },
  useless: { Icon: IconCircleX, tone: 'bad', words: 'failed, damaged or not there' },
} as const satisfies Record<string, Sign>

function signOf(backup: BackupView): Sign {
  if (obstacleOf(backup) !== undefined || backup.standing === 'failed') return signs.useless
  if (backup.anomaly !== null && backup.anomaly.verdict !== 'accepted') return signs.unlike
  return signs[backup.standing]
}

function labelOf(backup: BackupView): string {
  const { createdAt, type, status, standing } = backup
  const end = obstacleOf(backup) === undefined ? standingWords[standing].words : wordingOf(status).words
  return `${printInstant(createdAt)} ${printZone(createdAt)}, ${sentenceCase(type)} backup, ${end}, ${signOf(backup).words}`
}

interface TimelineProps {
  readonly backups: readonly BackupView[]
  readonly span: Span
  readonly chosenId: string | undefined
  readonly onChoose: (id: string) => void
}

/** Backups by their time. Each has a sign of its own; arrow keys go from one to the next. */
export function BackupTimeline({ backups, span, chosenId, onChoose }: TimelineProps) {
  const { ref, width } = useElementSize()
  const marks = useRef(new Map<string, HTMLButtonElement>())
  const inOrder = [...backups].sort((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt))
  const placed = placeMarks(
    inOrder.map(({ id, createdAt }) => ({ id, atMs: Date.parse(createdAt) })),
    { span, widthPx: width, markPx },
  )
  const placeOf = new Map(placed.map((one) => [one.id, one]))
  const heightPx = (Math.max(0, ...placed.map(({ lane }) => lane)) + 1) * markPx + 8
  const reachable = placeOf.has(chosenId ?? '') ? chosenId : inOrder.at(-1)?.id
  const go = (from: string, step: number) => {
    const index = Math.min(inOrder.length - 1, Math.max(0, inOrder.findIndex(({ id }) => id === from) + step))
    const to = inOrder[index]!.id
    onChoose(to)
    marks.current.get(to)?.focus()
  }
  return (
    <Box>
      <Box ref={ref} pos="relative" h={heightPx + axisPx}>
        <Axis span={span} width={width} topPx={heightPx} />
        <div role="radiogroup" aria-label="Backups by their time">
          {width > 0 &&
            inOrder.map((backup) => (
              <Mark
                key={backup.id}
                backup={backup}
                isChosen={backup.id === chosenId}
                isReachable={backup.id === reachable}
                leftPx={placeOf.get(backup.id)!.leftPx - markPx / 2}
                topPx={heightPx - (placeOf.get(backup.id)!.lane + 1) * markPx}
                onChoose={() => onChoose(backup.id)}
                onGo={(step) => go(backup.id, step)}
                keep={(element) => void (element ? marks.current.set(backup.id, element) : marks.current.delete(backup.id))}
              />
            ))}
        </div>
      </Box>
      <Legend />
    </Box>
  )
}

interface MarkProps {
  readonly backup: BackupView
  readonly isChosen: boolean
  /** By the tabulator key: one of them all is. */
  readonly isReachable: boolean
  readonly leftPx: number
  readonly topPx: number
  readonly onChoose: () => void
  readonly onGo: (step: number) => void
  readonly keep: (element: HTMLButtonElement | null) => void
}

const steps: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  Home: -Infinity,
  End: Infinity,
}

function Mark({ backup, isChosen, isReachable, leftPx, topPx, onChoose, onGo, keep }: MarkProps) {
  const { Icon, tone } = signOf(backup)
  return (
    <button
      type="button"
      role="radio"
      aria-checked={isChosen}
      aria-label={labelOf(backup)}
      title={labelOf(backup)}
      tabIndex={isReachable ? 0 : -1}
      ref={keep}
      className={`tone ${toneClass(tone)}`}
      style={{
        position: 'absolute',
        left: leftPx,
        top: topPx,
        width: markPx - 2,
        height: markPx - 2,
        padding: 0,
        borderRadius: '50%',
        display: 'grid',
        placeItems: 'center',
        cursor: 'pointer',
        border: isChosen ? '2px solid currentColor' : '1px solid transparent',
        boxShadow: isChosen ? '0 0 0 3px var(--mantine-color-anchor)' : undefined,
        zIndex: isChosen ? 2 : 1,
      }}
      onClick={onChoose}
      onKeyDown={(event) => {
        const step = steps[event.key]
        if (step === undefined) return
        event.preventDefault()
        onGo(step)
      }}
    >
      <Icon size={16} aria-hidden />
    </button>
  )
}

function Axis({ span, width, topPx }: { readonly span: Span; readonly width: number; readonly topPx: number }) {
  const lengthMs = span.untilMs - span.fromMs
  const room = width - markPx
  return (
    <div aria-hidden style={{ position: 'absolute', insetInline: 0, top: topPx, borderTop: '1px solid var(--line)', height: axisPx }}>
      {width > 0 &&
        ticksOf(span, Math.max(2, Math.floor(width / 90))).map(({ atMs, isDay }) => (
          <Text
            key={atMs}
            size="xs"
            c="dimmed"
            style={{
              position: 'absolute',
              left: Math.min(width - 56, markPx / 2 + ((atMs - span.fromMs) / lengthMs) * room),
              borderInlineStart: '1px solid var(--line)',
              paddingInlineStart: 4,
              whiteSpace: 'nowrap',
            }}
          >
            {format(new Date(atMs), isDay ? 'd MMM' : 'HH:mm')}
          </Text>
        ))}
    </div>
  )
}

function Legend() {
  return (
    <Group gap="md" mt={4} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      <VisuallyHidden component="li">What the signs mean:</VisuallyHidden>
      {Object.values(signs).map(({ Icon, tone, words }) => (
        <Group key={words} gap={4} component="li" wrap="nowrap">
          <Icon size={16} className={`tone-mark ${toneClass(tone)}`} aria-hidden />
          <Text size="xs" c="dimmed">
            {words}
          </Text>
        </Group>
      ))}
    </Group>
  )
}
