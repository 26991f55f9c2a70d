import { NumberInput, Radio, Select, SimpleGrid, Stack, Text } from '@mantine/core'
import { recordClasses, type RetentionPolicy } from '#contract/retention.ts'
import { capitalized } from '#ui/words.ts'
import type { PolicyDraft } from './policy-draft.ts'
import { keepInWords, ruleNames, ruleWords } from './policy-words.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

interface PolicyFormProps {
  readonly draft: PolicyDraft
  readonly above: RetentionPolicy
  readonly isOfSystem: boolean
  readonly isReadOnly: boolean
  /** What the contract finds wrong with it. */
  readonly issues: readonly Issue[]
  readonly onChange: (draft: PolicyDraft) => void
}

const classWords: Readonly<Record<(typeof recordClasses)[number], string>> = {
  operational: 'Operational: no minimum',
  'record-retention': 'Record retention: a minimum by law or contract',
}

export function PolicyForm({ draft, above, isOfSystem, isReadOnly, issues, onChange }: PolicyFormProps) {
  const aboveWords = `${keepInWords(above.keep)}, ${isOfSystem ? 'as the organization keeps' : 'as the product comes'}`
  return (
    <Stack gap="md">
      <Radio.Group
        label="Which policy"
        value={draft.isOwn ? 'own' : 'above'}
        onChange={(value) => onChange({ ...draft, isOwn: value === 'own' })}
      >
        <Stack gap="xs" mt="xs">
          <Radio
            value="above"
            disabled={isReadOnly}
            label={isOfSystem ? 'The organization’s' : 'The default'}
            description={capitalized(aboveWords)}
          />
          <Radio value="own" disabled={isReadOnly} label="Its own" description="Wins over the one above." />
        </Stack>
      </Radio.Group>
      {draft.isOwn && (
        <OwnPolicy
          policy={draft.policy}
          isReadOnly={isReadOnly}
          issues={issues}
          onChange={(change) => onChange({ ...draft, policy: { ...draft.policy, ...change } })}
        />
      )}
    </Stack>
  )
}

interface OwnPolicyProps {
  readonly policy: RetentionPolicy
  readonly isReadOnly: boolean
  readonly issues: readonly Issue[]
  readonly onChange: (change: Partial<RetentionPolicy>) => void
}

function OwnPolicy({ policy, isReadOnly, issues, onChange }: OwnPolicyProps) {
  const issueAt = (...path: readonly string[]) => {
    const found = issues.find((issue) => issue.path.join('.') === path.join('.'))
    return found && capitalized(found.message)
  }
  const { keep } = policy
  return (
    <>
      <Text size="sm">A backup stays when any of these rules keeps it. A rule that is 0 keeps nothing.</Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        {ruleNames.map((rule) => (
          <NumberInput
            key={rule}
            label={ruleWords[rule].label}
            description={ruleWords[rule].about}
            min={0}
            allowDecimal={false}
            allowNegative={false}
            readOnly={isReadOnly}
            value={keep[rule]}
            error={issueAt('keep', rule)}
            onChange={(value) => onChange({ keep: { ...keep, [rule]: Number(value) || 0 } })}
          />
        ))}
      </SimpleGrid>
      {issueAt('keep') && (
        <Text size="sm" role="alert" c="var(--mantine-color-error)">
          {issueAt('keep')}
        </Text>
      )}
      <ZoneAndClass policy={policy} isReadOnly={isReadOnly} minimumIssue={issueAt('minimumDays')} onChange={onChange} />
    </>
  )
}

interface ZoneAndClassProps {
  readonly policy: RetentionPolicy
  readonly isReadOnly: boolean
  readonly minimumIssue: string | undefined
  readonly onChange: OwnPolicyProps['onChange']
}

function ZoneAndClass({ policy, isReadOnly, minimumIssue, onChange }: ZoneAndClassProps) {
  const { timeZone, recordClass, minimumDays } = policy
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
      <Select
        label="Time zone"
        description="Whose days, weeks, months and years are meant."
        searchable
        allowDeselect={false}
        readOnly={isReadOnly}
        data={zonesWith(timeZone)}
        value={timeZone}
        onChange={(zone) => onChange({ timeZone: zone ?? timeZone })}
      />
      <Select
        label="Record class"
        description="Whether something demands a minimum."
        allowDeselect={false}
        readOnly={isReadOnly}
        data={recordClasses.map((value) => ({ value, label: classWords[value] }))}
        value={recordClass}
        onChange={(value) => {
          const chosen = recordClasses.find((one) => one === value) ?? recordClass
          onChange({ recordClass: chosen, minimumDays: chosen === 'operational' ? 0 : Math.max(1, minimumDays) })
        }}
      />
      {recordClass === 'record-retention' && (
        <NumberInput
          label="Minimum of days"
          description="Nothing younger is deleted, by the policy or by hand."
          min={1}
          allowDecimal={false}
          allowNegative={false}
          readOnly={isReadOnly}
          value={minimumDays}
          error={minimumIssue}
          onChange={(value) => onChange({ minimumDays: Number(value) || 0 })}
        />
      )}
    </SimpleGrid>
  )
}

function zonesWith(zone: string): string[] {
  return [...new Set(['UTC', zone, ...Intl.supportedValuesOf('timeZone')])]
}
