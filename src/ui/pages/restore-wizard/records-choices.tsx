import { Button, Group, Radio, Stack, Text } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { records as endpoints, type RecordPlan, type RecordPolicy } from '#contract/records.ts'
import { restores, type PlanView } from '#contract/restores.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Section } from '#ui/parts/page.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { undecidedOf } from './words-of-records.ts'

interface ChoicesProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  readonly onPlan: (planId: string) => void
}

/** What is done with rows that are not as in the backup. Another choice is another comparison, and another digest to sign. */
export function RecordChoices({ plan, records, onPlan }: ChoicesProps) {
  const [policy, setPolicy] = useState(records.policy)
  const change = (part: Partial<RecordPolicy>) => setPolicy({ ...policy, ...part })
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  const preview = useAct(restores.preview, ['restores', 'jobs'])
  const isSame = JSON.stringify(policy) === JSON.stringify(records.policy)
  const open = undecidedOf(records)
  return (
    <Section title="What happens to rows that differ">
      <Stack gap="md">
        {open.conflicts + open.parents > 0 && (
          <Note tone="warning" title="Somebody has to choose before it can be signed">
            <Text size="sm">Read what is asked below, choose, and compare anew.</Text>
          </Note>
        )}
        {open.clashes > 0 && <Clashes plan={plan} count={open.clashes} />}
        <Asked policy={policy} records={records} change={change} />
        <Refusal error={preview.error ?? kept.error} />
        <Group>
          <Button
            variant={isSame ? 'default' : 'filled'}
            disabled={isSame || !kept.data}
            loading={preview.isPending}
            leftSection={<IconListSearch size={16} aria-hidden />}
            onClick={() =>
              preview.mutate(
                {
                  body: {
                    backupId: plan.backupId,
                    scope: 'records',
                    databases: [{ name: records.database }],
                    records: kept.data!.records,
                    policy,
                  },
                },
                { onSuccess: ({ planId }) => onPlan(planId) },
              )
            }
          >
            Compare anew with these choices
          </Button>
        </Group>
      </Stack>
    </Section>
  )
}

interface AskedProps {
  readonly policy: RecordPolicy
  readonly records: RecordPlan
  readonly change: (part: Partial<RecordPolicy>) => void
}

function Asked({ policy, records, change }: AskedProps) {
  return (
    <>
      <Radio.Group label="Rows that were changed since" value={policy.changed} onChange={(changed) => change({ changed })}>
        <Stack gap="xs" mt={4}>
          <Radio value="backup" label="As in the backup" description="what was written into them since goes" />
          <Radio value="live" label="As they are" description="only what is missing comes back" />
        </Stack>
      </Radio.Group>
      <Radio.Group label="Rows that were written since" value={policy.added} onChange={(added) => change({ added })}>
        <Stack gap="xs" mt={4}>
          <Radio value="backup" label="Taken away" description="the record is exactly as in the backup" />
          <Radio value="live" label="Kept" description="nothing that exists is deleted" />
        </Stack>
      </Radio.Group>
      <OpenRows policy={policy} records={records} change={change} />
      {records.triggers.length > 0 && (
        <Radio.Group label="Triggers of the tables" value={policy.triggers} onChange={(triggers) => change({ triggers })}>
          <Stack gap="xs" mt={4}>
            <Radio value="quiet" label="Quiet" description="rows come out exactly as in the backup" />
            <Radio value="fire" label="Fire as ever" description="audit triggers note the restore; rows that they change are refused" />
          </Stack>
        </Radio.Group>
      )}
    </>
  )
}

/** What has no default: somebody has to choose. */
function OpenRows({ policy, records, change }: AskedProps) {
  const { conflicts, parents } = undecidedOf(records)
  return (
    <>
      {(conflicts > 0 || policy.conflicts !== null) && (
        <Radio.Group
          label="Rows that belong, or belonged, to somebody else"
          description={conflicts > 0 ? `${counted(conflicts, 'row')} wait for this choice` : undefined}
          value={policy.conflicts ?? ''}
          onChange={(chosen) => change({ conflicts: chosen as RecordPolicy['conflicts'] })}
        >
          <Stack gap="xs" mt={4}>
            <Radio value="backup" label="Back to this record" description="they are taken from whom they belong to now" />
            <Radio value="live" label="Left where they are" />
          </Stack>
        </Radio.Group>
      )}
      {(parents > 0 || policy.parents !== null) && (
        <Radio.Group
          label="Rows that have to exist for it and are gone"
          description={parents > 0 ? `${counted(parents, 'row')} wait for this choice` : undefined}
          value={policy.parents ?? ''}
          onChange={() => change({ parents: 'backup' })}
        >
          <Stack gap="xs" mt={4}>
            <Radio value="backup" label="Bring them back as well" description="without them the record cannot stand" />
          </Stack>
        </Radio.Group>
      )}
    </>
  )
}

/** A value that an index lets in once stands in a live row of somebody else: nobody here can decide that. */
function Clashes({ plan, count }: { readonly plan: PlanView; readonly count: number }) {
  const kept = useReply(endpoints.change, { params: { id: plan.id } })
  return (
    <Note tone="bad" title={`${counted(count, 'row')} cannot stand beside live ones`}>
      {(kept.data?.clashes ?? []).map(({ schema, table, index, first }) => (
        <Text size="sm" key={`${schema}.${table} ${index}`}>
          {schema}.{table}: {index} lets each value in once. Live rows with it have the key{' '}
          {first.map(({ live }) => live.join(', ')).join('; ')}.
        </Text>
      ))}
      <Text size="sm">Change the live rows in the application, then compare anew.</Text>
    </Note>
  )
}
