import { Text, Title } from '@mantine/core'
import type { SystemHealth } from '#contract/health.ts'
import { ToneIcon, toneClass } from '#ui/parts/tone.tsx'
import { verdictOf } from './verdict.ts'

/** What this page is opened for, said before anything else. */
export function TheAnswer({ systems }: { readonly systems: readonly SystemHealth[] }) {
  const { tone, answer, words } = verdictOf(systems)
  return (
    <section
      aria-label="Can we recover today?"
      className={`tone tone-edge ${toneClass(tone)}`}
      style={{ padding: '1rem 1.25rem', borderRadius: 8, display: 'flex', gap: 16, alignItems: 'center' }}
    >
      <ToneIcon tone={tone} size={40} />
      <div aria-live="polite" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <Title order={2} fz="1.25rem">
          Can we recover today? {answer}.
        </Title>
        <Text mt={2}>{words}</Text>
      </div>
    </section>
  )
}
