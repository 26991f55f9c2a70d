import { Button, Group, Select, TextInput } from '@mantine/core'
import { DatePickerInput } from '@mantine/dates'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconFilterOff, IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { backupTypes } from '#base/backup-types.ts'
import { standings } from '#contract/backups.ts'
import { statuses } from '#contract/shapes.ts'
import { SystemSelect } from '#ui/parts/system-select.tsx'
import { standingWords, statusWords } from '#ui/words.ts'
import { typeWords } from './backup-words.ts'
import { isFiltered, type BackupsSearch, type backupsSearchSchema } from './backups-search.ts'

type Change = (change: Record<string, string | number | undefined>) => void

/** Four beside each other, two on a phone. */
const filterWidth = { flex: '1 1 max(8.5rem, 20%)' }

const deletedWords = { without: 'Not deleted', with: 'Deleted as well', only: 'Deleted only' } as const
const anomalyWords = { open: 'Unlike others, undecided', any: 'Ever found unlike others' } as const

/** Each choice goes into the address at once, and back to the first page. */
export function BackupFilters({ search, onChange }: { readonly search: BackupsSearch; readonly onChange: Change }) {
  const set: Change = (change) => onChange({ ...change, page: 1 })
  return (
    <Group mb="sm" gap="sm" align="flex-end" className="no-print">
      <NameSearch value={search.search ?? ''} onChange={(typed) => set({ search: typed })} />
      <SystemSelect value={search.systemId} onChange={(systemId) => set({ systemId })} style={filterWidth} />
      <Choice label="Type" words={wordsBy(backupTypes, (type) => typeWords[type])} value={search.type} onChange={(type) => set({ type })} />
      <Choice
        label="Status"
        words={wordsBy(statuses, (status) => statusWords[status].words)}
        value={search.status}
        onChange={(status) => set({ status })}
      />
      <Choice
        label="Standing"
        words={wordsBy(standings, (standing) => standingWords[standing].words)}
        value={search.standing}
        onChange={(standing) => set({ standing })}
      />
      <DatePickerInput
        type="range"
        label="Made between"
        placeholder="Any time"
        valueFormat="D MMM YYYY"
        clearable
        allowSingleDateInRange
        style={filterWidth}
        clearButtonProps={{ 'aria-label': 'Any time' }}
        value={[search.from ?? null, search.to ?? null]}
        onChange={([from, to]) => set({ from: from ?? undefined, to: to ?? undefined })}
      />
      <Choice label="Unlike others" words={anomalyWords} value={search.anomaly} onChange={(anomaly) => set({ anomaly })} />
      <Select
        label="Deleted"
        style={filterWidth}
        data={Object.entries(deletedWords).map(([value, label]) => ({ value, label }))}
        value={search.deleted}
        allowDeselect={false}
        onChange={(deleted) => set({ deleted: deleted === 'without' ? undefined : (deleted ?? undefined) })}
      />
      {isFiltered(search) && (
        <Button variant="subtle" leftSection={<IconFilterOff size={16} aria-hidden />} onClick={() => set(nothingChosen)}>
          Show all
        </Button>
      )}
    </Group>
  )
}

const nothingChosen = Object.fromEntries(
  (
    [
      'systemId',
      'type',
      'status',
      'standing',
      'anomaly',
      'from',
      'to',
      'search',
      'deleted',
    ] satisfies (keyof typeof backupsSearchSchema.shape)[]
  ).map((name) => [name, undefined]),
)

function wordsBy<Value extends string>(values: readonly Value[], wordOf: (value: Value) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(values.map((value) => [value, wordOf(value)]))
}

interface ChoiceProps {
  readonly label: string
  readonly words: Readonly<Record<string, string>>
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

function Choice({ label, words, value, onChange }: ChoiceProps) {
  return (
    <Select
      label={label}
      placeholder="All"
      clearable
      style={filterWidth}
      data={Object.entries(words).map(([one, wording]) => ({ value: one, label: wording }))}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  )
}

/** Asked for when the typing pauses; the address may also change by itself. */
function NameSearch({ value, onChange }: { readonly value: string; readonly onChange: (typed: string | undefined) => void }) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  const ask = useDebouncedCallback((text: string) => onChange(text.trim() === '' ? undefined : text), 300)
  return (
    <TextInput
      label="Name"
      placeholder="Part of a name"
      leftSection={<IconSearch size={16} aria-hidden />}
      maxLength={120}
      style={filterWidth}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        ask(currentTarget.value)
      }}
    />
  )
}
