import { Button, Group, Radio, Stack, Text } from '@mantine/core'
import { IconArrowBackUp, IconListSearch } from '@tabler/icons-react'
import { records as endpoints, type RecordChoices, type RecordPlan } from '#contract/records.ts'
import { restores, type PlanView } from '#contract/restores.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Section } from '#ui/parts/page.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { counted } from '#ui/words.ts'
import { countChanges } from './record-choices.ts'
import type { Choosing } from './records-row-choice.tsx'
import './records-choices.css'

interface GeneralProps {
  readonly records: RecordPlan
  readonly choosing: Choosing
}

/** What is done with rows that are not as in the backup, in every table that says nothing else. */
export function GeneralChoices({ records, choosing: { choices, change } }: GeneralProps) {
  const set = (part: Partial<RecordChoices>) => change({ ...choices, ...part })
  if (choices.asCopy && records.triggers.length === 0) return null
  return (
    <Section title="What happens to rows that differ" lead="In every table; another choice may be made for one table, or for one row.">
      <Stack gap="md">
        {!choices.asCopy && <DifferingRows choices={choices} set={set} />}
        {records.triggers.length > 0 && (
          <Radio.Group label="Triggers of the tables" value={choices.triggers} onChange={(triggers) => set({ triggers })}>
            <Stack gap="xs" mt={4}>
              <Radio value="quiet" label="Quiet" description="rows come out exactly as in the backup" />
              <Radio value="fire" label="Fire as ever" description="audit triggers note the restore; rows that they change are refused" />
            </Stack>
          </Radio.Group>
        )}
      </Stack>
    </Section>
  )
}

interface DifferingProps {
  readonly choices: RecordChoices
  readonly set: (part: Partial<RecordChoices>) => void
}

function DifferingRows({ choices, set }: DifferingProps) {
  return (
    <>
      <Radio.Group label="Rows that were changed since" value={choices.changed} onChange={(changed) => set({ changed })}>
        <Stack gap="xs" mt={4}>
          <Radio value="backup" label="As in the backup" description="what was written into them since goes" />
          <Radio value="live" label="As they are" description="only what is missing comes back" />
          <Radio
            value="copy"
            label="Both"
            description="they stay as they are, and copies of the backup’s come beside them, under new keys"
          />
        </Stack>
      </Radio.Group>
      <Radio.Group label="Rows that were written since" value={choices.added} onChange={(added) => set({ added })}>
        <Stack gap="xs" mt={4}>
          <Radio value="backup" label="Taken away" description="the record is exactly as in the backup" />
          <Radio value="live" label="Kept" description="nothing that exists is deleted" />
        </Stack>
      </Radio.Group>
    </>
  )
}

interface CompareProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  /** What the comparison was made with. */
  readonly made: RecordChoices
  readonly choices: RecordChoices
  readonly onReset: () => void
  readonly onPlan: (planId: string) => void
}

/** Follows whoever chooses down the page: what is shown was made with other choices than those that stand now. */
export function CompareAnew({ plan, records, made, choices, onReset, onPlan }: CompareProps) {
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  const preview = useAct(restores.preview, ['restores', 'jobs'])
  const changes = countChanges(made, choices)
  const isIncomplete = choices.tables.some(({ changed }) => typeof changed === 'object' && changed.columns.length === 0)
  if (changes === 0) return null
  const order = {
    backupId: plan.backupId,
    scope: 'records' as const,
    databases: [{ name: records.database }],
    records: kept.data?.records ?? [],
    policy: choices,
  }
  return (
    <div className="surface compare-anew no-print" role="region" aria-label="Choices that were changed">
      <Group justify="space-between" gap="sm">
        <div role="status">
          <Text size="sm" fw={650}>
            {counted(changes, 'choice')} changed
          </Text>
          <Text size="sm">
            What is shown was compared without {changes === 1 ? 'it' : 'them'}, and cannot be signed with {changes === 1 ? 'it' : 'them'}.
          </Text>
        </div>
        <Group gap="xs">
          <Button variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={onReset}>
            Take back
          </Button>
          <Button
            disabled={!kept.data || isIncomplete}
            loading={preview.isPending}
            leftSection={<IconListSearch size={16} aria-hidden />}
            onClick={() => preview.mutate({ body: order }, { onSuccess: ({ planId }) => onPlan(planId) })}
          >
            Compare anew with these choices
          </Button>
        </Group>
      </Group>
      <Refusal error={preview.error ?? kept.error} />
    </div>
  )
}
