import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { records as endpoints, type RecordChoices, type RecordPlan } from '#contract/records.ts'
import { restores, type PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { isSameChoice } from './record-choices.ts'
import { CompareAnew } from './records-choices.tsx'
import { RecordsEffect } from './records-effect.tsx'
import { sumsOf } from './words-of-records.ts'

interface StepProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  /** The comparison that this one was made in place of. */
  readonly from: string | undefined
  readonly onPlan: (planId: string) => void
  /** What follows; another thing while choices were changed and not compared. */
  readonly next: ReactNode
  readonly nextWhileChanged: ReactNode
}

/** Single records: what would be written, and the choices that would make it another plan. */
export function RecordsStep({ plan, records, from, onPlan, next, nextWhileChanged }: StepProps) {
  const may = useMay()
  const mayChoose = may('restores.preview', plan.tenantId) && may('records.read', plan.tenantId)
  const kept = useReply(endpoints.change, { params: { id: plan.id } }, { isAsked: mayChoose })
  const made = kept.data && { ...records.policy, rows: kept.data.rows }
  const [edited, setEdited] = useState<RecordChoices>()
  const choices = edited ?? made
  const isChanged = made !== undefined && edited !== undefined && !isSameChoice(made, edited)
  return (
    <Stack gap="lg">
      {from !== undefined && from !== plan.id && <MadeAnew plan={plan} records={records} from={from} />}
      <RecordsEffect plan={plan} records={records} choosing={choices && { choices, change: setEdited }} />
      {made && choices && (
        <CompareAnew plan={plan} records={records} made={made} choices={choices} onReset={() => setEdited(undefined)} onPlan={onPlan} />
      )}
      {isChanged ? nextWhileChanged : next}
    </Stack>
  )
}

/** That it is another comparison than the one before, and what became of that. */
function MadeAnew({ plan, records, from }: { readonly plan: PlanView; readonly records: RecordPlan; readonly from: string }) {
  const before = useReply(restores.plan, { params: { id: from } })
  if (!before.data?.records || before.data.id !== from) return null
  const [was, is] = [sumsOf(before.data.records), sumsOf(records)]
  return (
    <Note tone="neutral" title="Compared anew with your choices">
      <Text size="sm">
        {counted(is.rows, 'row')} of {counted(is.tables, 'table')} would be written; before it were {counted(was.rows, 'row')} of{' '}
        {counted(was.tables, 'table')}.
      </Text>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        A signature holds for this comparison alone: <code>{plan.digest}</code>, and not for{' '}
        <Anchor inherit underline="always" renderRoot={(props) => <Link to="/restore" search={{ plan: from }} {...props} />}>
          the one before
        </Anchor>
        : <code>{before.data.digest}</code>.
      </Text>
    </Note>
  )
}
