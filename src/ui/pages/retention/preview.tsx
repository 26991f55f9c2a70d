import { Group, SegmentedControl, Select, SimpleGrid, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { retention, type RetentionPlanView, type RetentionPolicy } from '#contract/retention.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Figure } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { printWhole } from '#ui/words.ts'
import { CarryOut } from './carry-out.tsx'
import { Decisions } from './decisions.tsx'

interface PreviewProps {
  readonly systems: readonly { readonly id: string; readonly name: string }[]
  /** What somebody is about to set; null while it is none, undefined: the policy in force. */
  readonly draft: RetentionPolicy | null | undefined
  readonly tenantId: string
}

/** What would stay and what would go now, with the reason for each backup. Nothing is deleted by looking. */
export function Preview({ systems, draft, tenantId }: PreviewProps) {
  const [chosen, setChosen] = useState<string>()
  const systemId = systems.find(({ id }) => id === chosen)?.id ?? systems[0]?.id
  if (systemId === undefined)
    return (
      <Section title="Preview">
        <Text size="sm">Each system of this organization has a policy of its own: this one removes nothing.</Text>
      </Section>
    )
  return (
    <Section
      title={draft === undefined ? 'What the policy does now' : 'What the changed policy would do now'}
      lead="Decided by the service for each backup. Looking deletes nothing."
    >
      {systems.length > 1 && (
        <Select
          label="Previewed for"
          mb="sm"
          maw={320}
          allowDeselect={false}
          data={systems.map(({ id, name }) => ({ value: id, label: name }))}
          value={systemId}
          onChange={(id) => setChosen(id ?? undefined)}
        />
      )}
      {draft === null ? (
        <Text size="sm">Correct the policy first.</Text>
      ) : (
        <PreviewOf key={systemId} systemId={systemId} draft={draft} tenantId={tenantId} />
      )}
    </Section>
  )
}

interface PreviewOfProps {
  readonly systemId: string
  readonly draft: RetentionPolicy | undefined
  readonly tenantId: string
}

function PreviewOf({ systemId, draft, tenantId }: PreviewOfProps) {
  const [policy] = useDebouncedValue(draft, 300)
  const [{ of, ...kept }, setShown] = useState<Shown & { readonly of: unknown }>({ of: policy, act: undefined, page: 1, pageSize: 25 })
  // Of another policy the pages are others.
  const shown = of === policy ? kept : { ...kept, page: 1 }
  const reply = useReply(retention.preview, { body: { systemId, shown, ...(policy && { policy }) } })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton />}>
      {(plan) => (
        <div aria-busy={reply.isPlaceholderData || policy !== draft}>
          <Plan {...{ plan, tenantId, shown }} isInForce={draft === undefined} onShow={(next) => setShown({ ...next, of: policy })} />
        </div>
      )}
    </Loaded>
  )
}

const acts = ['any', 'remove', 'keep'] as const
const actWords = { any: 'All', remove: 'Removed', keep: 'Kept' } as const

/** Asked of the service a page at a time: there may be a hundred thousand. */
interface Shown {
  readonly act: 'keep' | 'remove' | undefined
  readonly page: number
  readonly pageSize: number
}

interface PlanProps {
  readonly plan: RetentionPlanView
  readonly isInForce: boolean
  readonly tenantId: string
  readonly shown: Shown
  readonly onShow: (shown: Shown) => void
}

function Plan({ plan, isInForce, tenantId, shown, onShow }: PlanProps) {
  const may = useMay()
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3 }} mb="md">
        <Figure label="Kept" value={printWhole(plan.keeps)} note="backups" />
        <Figure label="Removed" value={printWhole(plan.removes)} note="backups" />
        <Figure label="Looked at" value={printWhole(plan.keeps + plan.removes)} note="backups of this system" />
      </SimpleGrid>
      {plan.isMassDeletion && (
        <Note tone="warning" title="That is a mass deletion">
          <Text size="sm">So many at once are deleted only when somebody signs it. Until then the policy waits, and deletes nothing.</Text>
        </Note>
      )}
      <Group justify="space-between" my="sm" className="no-print">
        <SegmentedControl
          aria-label="Which backups"
          size="xs"
          data={acts.map((value) => ({ value, label: actWords[value] }))}
          value={shown.act ?? 'any'}
          onChange={(chosen) => onShow({ ...shown, act: chosen === 'keep' || chosen === 'remove' ? chosen : undefined, page: 1 })}
        />
        {isInForce && plan.removes > 0 && may('retention.write', tenantId) && <CarryOut plan={plan} />}
        {!isInForce && plan.removes > 0 && (
          <Text size="sm" c="dimmed">
            Nothing of this is carried out before the policy is set.
          </Text>
        )}
      </Group>
      <Decisions
        decisions={plan.decisions}
        paging={{ ...shown, total: plan.matching, onChange: (change) => onShow({ ...shown, ...change }) }}
      />
    </>
  )
}
