import { Page, Section } from '#ui/parts/page.tsx'
import { ClockState } from '#ui/pages/retention/clock.tsx'
import { Oidc } from './oidc.tsx'
import { Ping } from './ping.tsx'
import { RemovalGrace } from './removal-grace.tsx'
import { Repeating } from './repeating.tsx'
import { SessionTimes } from './session-times.tsx'
import { TrailKey } from './trail-key.tsx'

export function Settings() {
  return (
    <Page title="Settings" lead="Of the whole installation. Every change is in the audit trail, with what it was before.">
      <Section title="Clock" lead="Retention deletes by it, so a clock that jumps stops every deletion.">
        <ClockState />
      </Section>
      <SessionTimes />
      <Oidc />
      <Repeating />
      <Ping />
      <RemovalGrace />
      <TrailKey />
    </Page>
  )
}
