import { Page } from '#ui/parts/page.tsx'
import { ClockTrust } from './clock-trust.tsx'
import { Oidc } from './oidc.tsx'
import { Ping } from './ping.tsx'
import { RemovalGrace } from './removal-grace.tsx'
import { Repeating } from './repeating.tsx'
import { SessionTimes } from './session-times.tsx'
import { TrailKey } from './trail-key.tsx'

export function Settings() {
  return (
    <Page title="Settings" lead="Of the whole installation. Every change is in the audit trail, with what it was before.">
      <ClockTrust />
      <SessionTimes />
      <Oidc />
      <Repeating />
      <Ping />
      <RemovalGrace />
      <TrailKey />
    </Page>
  )
}
