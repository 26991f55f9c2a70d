import { Accordion, Anchor, Button, Checkbox, Group, NumberInput, Radio, Stack, Text, Title } from '@mantine/core'
import { IconArrowLeft, IconListSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { isWhole } from '#base/backup-types.ts'
import { capitalized, counted } from '#ui/words.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { Places } from './places.tsx'
import { RecordsScope } from './records-scope.tsx'
import { RoleChoices } from './role-choices.tsx'
import { chosenDatabases, faultsOf, isElsewhere, orderOf, type What } from './scope-order.ts'
import type { ScopePartProps, ScopeStepProps } from './scope-props.ts'
import { TableChoice } from './table-choice.tsx'

/** Step 2. How much of it, and where to. Nothing happens by it: it leads to a plan. */
export function ScopeStep(props: ScopeStepProps) {
  const { backupId, parts, choice, isBusy, error, onPlan, onBack } = props
  const [isTried, setIsTried] = useState(false)
  const order = orderOf(choice, backupId, parts)
  const faults = faultsOf(choice, order, parts)
  const shown = isTried ? faults : {}
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setIsTried(true)
        if (Object.keys(faults).length === 0) onPlan(order)
      }}
    >
      <Stack gap="lg">
        <HowMuch {...props} faults={shown} />
        {choice.what === 'tables' && <TableChoice {...props} fault={shown['tables']} />}
        {choice.what === 'records' && props.systemId !== null ? (
          <RecordsScope {...props} systemId={props.systemId} faults={shown} />
        ) : (
          <>
            <Where {...props} faults={shown} />
            <MoreWishes {...props} faults={shown} />
          </>
        )}
        {Object.keys(shown).length > 0 && (
          <div role="alert">
            <Note tone="bad" title="Something is missing yet">
              {[...new Set(Object.values(shown))].map((fault) => (
                <Text size="sm" key={fault}>
                  {capitalized(fault)}
                </Text>
              ))}
            </Note>
          </div>
        )}
        <Refusal error={error} />
        <Group justify="space-between">
          <Button variant="default" leftSection={<IconArrowLeft size={16} aria-hidden />} onClick={onBack}>
            Another backup
          </Button>
          <Button type="submit" loading={isBusy} leftSection={<IconListSearch size={16} aria-hidden />}>
            Show what would happen
          </Button>
        </Group>
        <Text size="sm" c="dimmed" ta="end">
          This only reads. Nothing is restored before you have seen the effect and signed.
        </Text>
      </Stack>
    </form>
  )
}

function HowMuch({ backupId, type, systemId, parts, choice, change, faults }: ScopePartProps) {
  const may = useMay()
  const { databases, roots } = parts
  const hasBoth = databases.length > 0 && roots.length > 0
  const all = [
    ...(databases.length > 0 ? [counted(databases.length, 'database')] : []),
    ...(roots.length > 0 ? [counted(roots.length, 'directory', 'directories')] : []),
  ].join(' and ')
  const choices: readonly (readonly [What, string, string])[] = [
    ['everything', 'Everything in this backup', all],
    ...(databases.length > 0 && systemId !== null && type !== 'masked' && may('records.read')
      ? ([['records', 'Single records', 'one patient, one study: with all that belongs to it, and nothing else']] as const)
      : []),
    ...(hasBoth || databases.length > 1 ? ([['databases', 'Databases alone', 'the files stay as they are']] as const) : []),
    ...(hasBoth || roots.length > 1 ? ([['files', 'Files alone', 'the databases stay as they are']] as const) : []),
    ...(databases.length > 0
      ? ([['tables', 'Chosen tables', 'into a new database, beside the live one; copy what you need from there']] as const)
      : []),
  ]
  return (
    <Section title="How much of it?">
      <Stack gap="sm">
        <Radio.Group aria-label="How much of it" value={choice.what} onChange={(what) => change({ what })}>
          <Stack gap="xs">
            {choices.map(([value, label, description]) => (
              <Radio key={value} value={value} label={label} description={description} />
            ))}
          </Stack>
        </Radio.Group>
        {choice.what === 'databases' && databases.length > 1 && (
          <PartChoice
            label="Which databases"
            names={databases.map(({ name }) => name)}
            value={choice.databases}
            onChange={(chosen) => change({ databases: chosen })}
          />
        )}
        {choice.what === 'files' && roots.length > 1 && (
          <PartChoice
            label="Which directories"
            names={roots.map(({ name }) => name)}
            value={choice.roots}
            onChange={(chosen) => change({ roots: chosen })}
          />
        )}
        {faults['parts'] && (
          <Text size="sm" c="var(--mantine-color-error)">
            {capitalized(faults['parts'])}
          </Text>
        )}
        {roots.length > 0 && <JustOneFile backupId={backupId} />}
      </Stack>
    </Section>
  )
}

function JustOneFile({ backupId }: { readonly backupId: string }) {
  return (
    <Text size="sm">
      Just one file?{' '}
      <Anchor underline="always" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
        Look through the files of this backup
      </Anchor>{' '}
      and download it: no restore is needed.
    </Text>
  )
}

interface PartChoiceProps {
  readonly label: string
  readonly names: readonly string[]
  readonly value: readonly string[]
  readonly onChange: (value: readonly string[]) => void
}

function PartChoice({ label, names, value, onChange }: PartChoiceProps) {
  return (
    <Checkbox.Group label={label} value={[...value]} onChange={onChange} pl="lg">
      <Group gap="md" mt={4}>
        {names.map((name) => (
          <Checkbox key={name} value={name} label={name} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}

function Where(props: ScopePartProps) {
  const { choice, change, own, type } = props
  const canBeInPlace = own !== null && choice.what !== 'tables' && isWhole({ type })
  return (
    <Section title="Where to?">
      <Stack gap="sm">
        {!isWhole({ type }) && <NeverInPlace type={type} />}
        {canBeInPlace && (
          <Radio.Group aria-label="Where to" value={choice.where} onChange={(where) => change({ where })}>
            <Stack gap="xs">
              <Radio
                value="in-place"
                label="In place"
                description="what is live now is replaced; it is kept for 24 hours and can be put back"
              />
              <Radio value="elsewhere" label="Elsewhere" description="into another database or directory; what is live is not touched" />
            </Stack>
          </Radio.Group>
        )}
        {own === null && <Text size="sm">This backup belongs to no system that is connected, so say where each part goes.</Text>}
        {(isElsewhere(choice) || !canBeInPlace) && <Places {...props} />}
      </Stack>
    </Section>
  )
}

/** The service refuses it as well (RESTORE_NOT_WHOLE, RESTORE_MASKED): whatever stands there would be gone but for this. */
function NeverInPlace({ type }: Pick<ScopePartProps, 'type'>) {
  return (
    <Note
      tone="warning"
      title={
        type === 'masked'
          ? 'It is masked, and never takes the place of its originals'
          : 'It holds some of its system, and never takes its place'
      }
    >
      <Text size="sm">
        {type === 'masked'
          ? 'Name a database that is not the one it was made of.'
          : 'Name databases and directories that are not there yet. To bring single records back into the live database, choose “Single records”.'}
      </Text>
    </Note>
  )
}

/** Asked for seldom: a plan that needs one of these says so. */
function MoreWishes(props: ScopePartProps) {
  const { choice, change, parts } = props
  const names = chosenDatabases(choice, parts)
  if (names.length === 0) return null
  return (
    <Section>
      <Accordion chevronPosition="left" variant="default">
        <Accordion.Item value="more" style={{ borderBottom: 0 }}>
          <Accordion.Control>
            <Title order={2} fz="md">
              Roles, free space, limit of loss
            </Title>
            <Text size="sm" c="dimmed">
              Seldom needed: the plan says so when it is.
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Stack gap="lg">
              <RoleChoices {...props} />
              <div>
                <Title order={3}>Free space</Title>
                <Text size="sm" c="dimmed" mb="xs">
                  Only for servers whose disks cannot be seen from here.
                </Text>
                <Group gap="md">
                  {names.map((name) => (
                    <NumberInput
                      key={name}
                      label={`Free on the server of ${name}`}
                      suffix=" GiB"
                      min={0}
                      w={240}
                      value={choice.freeGiB[name] ?? ''}
                      onChange={(value) => change({ freeGiB: withNumber(choice.freeGiB, name, value) })}
                    />
                  ))}
                </Group>
              </div>
              <NumberInput
                label="Limit of loss"
                description="The restore gives up when more rows than this are written between the plan and the swap."
                placeholder="No limit"
                min={0}
                max={1_000_000_000}
                allowDecimal={false}
                w={360}
                value={choice.lossRowsMax ?? ''}
                onChange={(value) => change({ lossRowsMax: typeof value === 'number' ? value : undefined })}
              />
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Section>
  )
}

function withNumber(before: Readonly<Record<string, number>>, name: string, value: number | string): Readonly<Record<string, number>> {
  const { [name]: _, ...others } = before
  return typeof value === 'number' ? { ...others, [name]: value } : others
}
