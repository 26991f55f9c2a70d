import { Accordion, Autocomplete, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { IconHistory } from '@tabler/icons-react'
import { useState } from 'react'
import { records, type RecordWish } from '#contract/records.ts'
import type { SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { Section } from '#ui/parts/page.tsx'
import type { HistoryOrder } from './use-history.ts'

interface HistoryFormProps {
  readonly system: SystemView
  readonly handed: RecordWish | undefined
  readonly isBusy: boolean
  readonly onAsk: (order: HistoryOrder) => void
}

/** Whose history. The key is kept here, and goes into the body of a request alone. */
export function HistoryForm({ system, handed, isBusy, onAsk }: HistoryFormProps) {
  const { kinds, keyOf, isAsking } = useKinds(system)
  const [typed, setTyped] = useState<{ readonly kind?: string; readonly key: string }>(handed ?? { key: '' })
  const [database, setDatabase] = useState<string | null>(null)
  const [bounds, setBounds] = useState<Bounds>({ since: null, until: null })
  const kind = typed.kind ?? kinds[0] ?? ''
  const isReady = kind.trim() !== '' && typed.key !== ''
  return (
    <Section
      title="Which record?"
      lead="Every backup of this system is read, and no database is asked. That you looked stands in the audit trail; at whom, only as a digest."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) onAsk({ kind: kind.trim(), key: typed.key, ...(database !== null && { database }), ...instantsOf(bounds) })
        }}
      >
        <Stack gap="md" className="no-print">
          <Group align="flex-end" gap="sm">
            <KindInput kinds={kinds} isAsking={isAsking} value={kind} onChange={(next) => setTyped({ ...typed, kind: next })} />
            <TextInput
              label="Key"
              description={keyOf(kind) === undefined ? 'as the application shows it' : `its ${keyOf(kind)}, as the application shows it`}
              autoComplete="off"
              spellCheck={false}
              maxLength={1000}
              miw={220}
              value={typed.key}
              onChange={(event) => setTyped({ ...typed, key: event.currentTarget.value })}
            />
            {system.databases.length > 1 && (
              <Select
                label="Database"
                placeholder="The one that has the kind"
                clearable
                data={system.databases.map(({ name }) => name)}
                value={database}
                onChange={setDatabase}
              />
            )}
            <Button type="submit" loading={isBusy} disabled={!isReady} leftSection={<IconHistory size={16} aria-hidden />}>
              Read its history
            </Button>
          </Group>
          <Accordion chevronPosition="left" order={3}>
            <Accordion.Item value="time" style={{ borderBottom: 0 }}>
              <Accordion.Control>
                <Text size="sm">Backups of some time alone</Text>
              </Accordion.Control>
              <Accordion.Panel>
                <BoundsInputs bounds={bounds} onChange={setBounds} />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        </Stack>
      </form>
    </Section>
  )
}

/** The live databases say what kinds there are. Where they do not answer, the kind is typed: a history needs none of them. */
function useKinds({ id, databases, retiredAt }: SystemView) {
  const isAsked = databases.length > 0 && retiredAt === null
  const reply = useReply(records.kinds, { params: { id } }, { isAsked })
  const all = (reply.data?.databases ?? []).flatMap((model) => model.kinds)
  return {
    kinds: [...new Set(all.map(({ name }) => name))],
    keyOf: (kind: string) => all.find(({ name }) => name === kind)?.key,
    isAsking: isAsked && reply.isPending,
  }
}

interface KindInputProps {
  readonly kinds: readonly string[]
  readonly isAsking: boolean
  readonly value: string
  readonly onChange: (kind: string) => void
}

/** Offered as the live database names them, and typed where it does not answer. */
function KindInput({ kinds, isAsking, value, onChange }: KindInputProps) {
  const description = isAsking ? 'the live database is being asked; or type it' : 'such as patient: the live database does not say'
  return (
    <Autocomplete
      label="Kind"
      {...(kinds.length === 0 && { description })}
      w={240}
      maxLength={63}
      data={[...kinds]}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
    />
  )
}

/** On the reader's own clock, as the pickers give them. */
interface Bounds {
  readonly since: string | null
  readonly until: string | null
}

function instantsOf({ since, until }: Bounds): Pick<HistoryOrder, 'since' | 'until'> {
  return {
    ...(since !== null && { since: new Date(since).toISOString() }),
    ...(until !== null && { until: new Date(until).toISOString() }),
  }
}

function BoundsInputs({ bounds, onChange }: { readonly bounds: Bounds; readonly onChange: (bounds: Bounds) => void }) {
  return (
    <Group align="flex-end">
      <DateTimePicker
        label="Made since"
        placeholder="The oldest"
        description="Your own time."
        valueFormat="D MMM YYYY, HH:mm"
        clearable
        clearButtonProps={{ 'aria-label': 'From the oldest on' }}
        w={240}
        value={bounds.since}
        onChange={(since) => onChange({ ...bounds, since })}
      />
      <DateTimePicker
        label="Made until"
        placeholder="The newest"
        description="Your own time."
        valueFormat="D MMM YYYY, HH:mm"
        clearable
        clearButtonProps={{ 'aria-label': 'Up to the newest' }}
        w={240}
        value={bounds.until}
        onChange={(until) => onChange({ ...bounds, until })}
      />
    </Group>
  )
}
