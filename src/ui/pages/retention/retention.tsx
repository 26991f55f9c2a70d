import { z } from 'zod'
import { pageQuery, uuidSchema, wholeNumberSchema } from '#contract/shapes.ts'
import { Page } from '#ui/parts/page.tsx'
import { useSearchState } from '#ui/search.ts'
import { Certificates } from './certificates.tsx'
import { ClockState } from './clock.tsx'
import { PolicyPage } from './policy-page.tsx'
import { Policies } from './policies.tsx'

const searchSchema = z.object({
  ...pageQuery,
  /** Whose policy is looked at and edited: a system's, or an organization's. */
  system: uuidSchema.optional().catch(undefined),
  organization: uuidSchema.optional().catch(undefined),
  /** Whose certificates are shown. */
  backup: uuidSchema.optional().catch(undefined),
  certificates: wholeNumberSchema(1, 1_000_000).default(1).catch(1),
})

/** What stays, what goes, and why. */
export function Retention() {
  const [search, change] = useSearchState(searchSchema)
  const { system, organization, backup, page, pageSize, certificates } = search
  if (system !== undefined || organization !== undefined)
    return <PolicyPage key={system ?? organization} systemId={system} tenantId={organization} />
  return (
    <Page
      title="Retention"
      lead="Which backups stay, and for how long. What no rule keeps is deleted; some things never are: the last good and the last proven backup of each source, and what is on hold."
    >
      <ClockState />
      <Policies page={page} pageSize={pageSize} onChange={change} />
      <Certificates backupId={backup} page={certificates} onChange={change} />
    </Page>
  )
}
