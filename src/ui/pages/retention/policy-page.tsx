import { Stack } from '@mantine/core'
import { useState } from 'react'
import { defaultRetention, retention, retentionPolicySchema, type PolicyInForce } from '#contract/retention.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { useOrganizations } from '#ui/parts/organization-select.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { draftOf, isSame, type PolicyDraft } from './policy-draft.ts'
import { PolicyForm } from './policy-form.tsx'
import { keepInWords, sourceWords } from './policy-words.ts'
import { Preview } from './preview.tsx'
import { SavePolicy } from './save-policy.tsx'

interface PolicyPageProps {
  /** Of one system; without it the organization's. */
  readonly systemId: string | undefined
  readonly tenantId: string | undefined
}

/** The policy of a system or of an organization, with what it would keep and remove now. */
export function PolicyPage({ systemId, tenantId }: PolicyPageProps) {
  const reply = useReply(retention.policies, { query: { pageSize: 200, ...(systemId !== undefined && { systemId }) } })
  const organizations = useOrganizations('retention.read')
  const title =
    systemId === undefined
      ? organizations.find(({ id }) => id === tenantId)?.title
      : reply.data?.rows.find((row) => row.systemId === systemId)?.systemName
  return (
    <Page title={`Retention of ${title ?? '…'}`} trail={[{ title: 'Retention', to: '/retention' }]}>
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {({ rows, organizations: set }) => {
          const inForce = systemId === undefined ? organizationPolicy(tenantId ?? '', set) : rows.find((row) => row.systemId === systemId)
          if (!inForce) return <Note tone="warning" title="There is no such system, or it is not yours to see" />
          const above =
            systemId === undefined ? defaultRetention : (set.find((one) => one.tenantId === inForce.tenantId)?.policy ?? defaultRetention)
          const takers = rows.filter((row) => row.source !== 'system' && row.tenantId === inForce.tenantId)
          return (
            <Editing
              inForce={inForce}
              above={above}
              systems={
                systemId === undefined
                  ? takers.map((row) => ({ id: row.systemId ?? '', name: row.systemName ?? '' }))
                  : [{ id: systemId, name: title ?? '' }]
              }
            />
          )
        }}
      </Loaded>
    </Page>
  )
}

function organizationPolicy(tenantId: string, set: readonly PolicyInForce[]): PolicyInForce {
  const nobodys = { systemId: null, systemName: null, source: 'default', changedAt: null, changedBy: null } as const
  return set.find((one) => one.tenantId === tenantId) ?? { tenantId, policy: defaultRetention, ...nobodys }
}

interface EditingProps {
  readonly inForce: PolicyInForce
  /** What holds when it has none of its own. */
  readonly above: PolicyInForce['policy']
  /** By which the preview is shown. */
  readonly systems: readonly { readonly id: string; readonly name: string }[]
}

function Editing({ inForce, above, systems }: EditingProps) {
  const may = useMay()
  const mayWrite = may('retention.write', inForce.tenantId)
  const [draft, setDraft] = useState<PolicyDraft>(() => draftOf(inForce))
  const parsed = retentionPolicySchema.safeParse(draft.isOwn ? draft.policy : above)
  const isChanged = !isSame(draft, draftOf(inForce))
  return (
    <Stack gap="lg">
      <Section
        title="The policy"
        lead={
          <>
            In force: {keepInWords(inForce.policy.keep)} ({sourceWords[inForce.source]}
            {inForce.changedAt !== null && (
              <>
                , set by {inForce.changedBy ?? 'somebody'}, <Instant at={inForce.changedAt} />
              </>
            )}
            ).
          </>
        }
      >
        <PolicyForm
          draft={draft}
          above={above}
          isOfSystem={inForce.systemId !== null}
          isReadOnly={!mayWrite}
          issues={parsed.success ? [] : parsed.error.issues}
          onChange={setDraft}
        />
        {mayWrite && (
          <SavePolicy
            inForce={inForce}
            policy={parsed.success ? parsed.data : undefined}
            isOwn={draft.isOwn}
            isChanged={isChanged}
            onUndo={() => setDraft(draftOf(inForce))}
          />
        )}
      </Section>
      <Preview systems={systems} draft={isChanged ? (parsed.success ? parsed.data : null) : undefined} tenantId={inForce.tenantId} />
    </Stack>
  )
}
