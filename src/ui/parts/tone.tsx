import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconLoader2,
  type Icon as IconComponent,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Tone } from '#ui/words.ts'

const icons: Readonly<Record<Tone, IconComponent>> = {
  good: IconCircleCheck,
  warning: IconAlertTriangle,
  bad: IconCircleX,
  busy: IconLoader2,
  neutral: IconClock,
  unknown: IconHelpCircle,
}

export function toneClass(tone: Tone): string {
  return `tone-${tone === 'unknown' ? 'neutral' : tone}`
}

/** A state in words, with a sign of its own: nothing here is told by colour alone. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const Icon = icons[tone]
  return (
    <span className={`badge tone ${toneClass(tone)}`}>
      <Icon size={14} stroke={2.2} aria-hidden />
      {children}
    </span>
  )
}

export function ToneIcon({ tone, size = 20 }: { readonly tone: Tone; readonly size?: number }) {
  const Icon = icons[tone]
  return <Icon size={size} className={`tone-mark ${toneClass(tone)}`} aria-hidden style={{ flexShrink: 0 }} />
}

/** Something to be read before going on: a fact, and what to do. */
export function Note({ tone, title, children }: { readonly tone: Tone; readonly title?: ReactNode; readonly children?: ReactNode }) {
  const Icon = icons[tone]
  return (
    <div className={`tone tone-edge ${toneClass(tone)}`} style={{ padding: '0.65rem 0.9rem', borderRadius: 6, display: 'flex', gap: 10 }}>
      <Icon size={20} aria-hidden style={{ flexShrink: 0, marginTop: 2 }} />
      <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        {title !== undefined && <strong style={{ display: 'block' }}>{title}</strong>}
        {children}
      </div>
    </div>
  )
}
