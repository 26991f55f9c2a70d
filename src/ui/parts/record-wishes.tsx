import { ActionIcon, Anchor, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconListSearch, IconPlus, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { records, type RecordWish } from '#contract/records.ts'
import { useAct, useReply } from '#ui/call.ts'
import { handRecord } from '#ui/handed-record.ts'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { TableSkeleton } from './data-table.tsx'
import { Loaded } from './loaded.tsx'
import { Refusal } from './refusal.tsx'
import { Note } from './tone.tsx'

const recordsMax = 100

interface RecordWishesProps {
  readonly systemId: string
  readonly wishes: readonly RecordWish[]
  /** `database`: that of the first one's kind, where the system has several. */
  readonly onChange: (wishes: readonly RecordWish[], database: string | undefined) => void
  /** Some of them lacks its kind or its key, and somebody tried to go on. */
  readonly isLacking: boolean
}

/** Which records. What people know a patient by is typed here, and goes into the body of a request alone. */
export function RecordWishes({ systemId, wishes, onChange, isLacking }: RecordWishesProps) {
  const kinds = useReply(records.kinds, { params: { id: systemId } })
  return (
    <Loaded reply={kinds} skeleton={<TableSkeleton />}>
      {({ databases }) => {
        const known = [...new Set(databases.flatMap((database) => database.kinds.map(({ name }) => name)))]
        const change = (next: readonly RecordWish[]) => {
          const database = databases.find(({ kinds: all }) => all.some(({ name }) => name === next[0]?.kind))?.database
          onChange(next, databases.length > 1 ? database : undefined)
        }
        if (known.length === 0) return <NoKinds />
        return (
          <Stack gap="md">
            {wishes.map(({ kind, key }, at) => (
              <OneRecord
                // oxlint-disable-next-line react/no-array-index-key -- a record has no name before it is typed
                key={at}
                systemId={systemId}
                kinds={known}
                wish={{ kind: kind === '' ? known[0]! : kind, key }}
                keyColumn={databases.flatMap(({ kinds: all }) => all).find(({ name }) => name === (kind === '' ? known[0] : kind))?.key}
                change={(wish) => change(wishes.map((one, index) => (index === at ? wish : one)))}
                onRemove={wishes.length > 1 ? () => change(wishes.filter((_one, index) => index !== at)) : undefined}
              />
            ))}
            {isLacking && (
              <Text size="sm" c="var(--mantine-color-error)">
                Choose a kind and type a key for each.
              </Text>
            )}
            <Group>
              <Button
                variant="default"
                size="xs"
                disabled={wishes.length >= recordsMax}
                leftSection={<IconPlus size={16} aria-hidden />}
                onClick={() => change([...wishes, { kind: known[0]!, key: '' }])}
              >
                Another record
              </Button>
            </Group>
          </Stack>
        )
      }}
    </Loaded>
  )
}

function NoKinds() {
  return (
    <Note tone="warning" title="It is not known what a record is in this system">
      <Text size="sm">
        None of its tables looks like one of patients, studies or organizations. An administrator can name the table and its key in the
        settings of the system, under “entities”.
      </Text>
    </Note>
  )
}

interface OneProps {
  readonly systemId: string
  readonly kinds: readonly string[]
  readonly wish: RecordWish
  readonly keyColumn: string | undefined
  readonly change: (wish: RecordWish) => void
  readonly onRemove: (() => void) | undefined
}

function OneRecord({ systemId, kinds, wish, keyColumn, change, onRemove }: OneProps) {
  const find = useAct(records.find, [])
  const [asked, setAsked] = useState<RecordWish>()
  const isCurrent = asked !== undefined && asked.kind === wish.kind && asked.key === wish.key
  return (
    <Stack gap="xs">
      <Group align="flex-end" gap="sm">
        <Select
          label="Kind"
          w={170}
          allowDeselect={false}
          data={[...kinds]}
          value={kinds.includes(wish.kind) ? wish.kind : null}
          onChange={(kind) => kind !== null && change({ ...wish, kind })}
        />
        <TextInput
          label="Key"
          description={keyColumn === undefined ? 'as the application shows it' : `its ${keyColumn}, as the application shows it`}
          autoComplete="off"
          spellCheck={false}
          maxLength={1000}
          miw={220}
          value={wish.key}
          onChange={(event) => change({ ...wish, key: event.currentTarget.value })}
        />
        <Button
          variant="default"
          loading={find.isPending}
          disabled={wish.key === '' || !kinds.includes(wish.kind)}
          leftSection={<IconListSearch size={16} aria-hidden />}
          onClick={() => {
            setAsked(wish)
            find.mutate({ params: { id: systemId }, body: wish })
          }}
        >
          Look for it in what is live
        </Button>
        {onRemove && (
          <ActionIcon variant="default" size="lg" aria-label="Remove this record" onClick={onRemove}>
            <IconX size={16} aria-hidden />
          </ActionIcon>
        )}
      </Group>
      <div role="status">{isCurrent && find.data && <Found found={find.data} />}</div>
      {isCurrent && find.data && <ToHistory systemId={systemId} wish={wish} />}
      {isCurrent && <Refusal error={find.error} />}
    </Stack>
  )
}

/** The key goes by memory: it stands in no address. */
function ToHistory({ systemId, wish }: Pick<OneProps, 'systemId' | 'wish'>) {
  const may = useMay()
  if (!may('backups.download')) return null
  return (
    <Text size="sm">
      <Anchor
        size="sm"
        underline="always"
        onClick={() => handRecord({ page: 'history', id: systemId }, wish)}
        renderRoot={(props) => <Link to="/systems/$id/history" params={{ id: systemId }} {...props} />}
      >
        What became of it, backup by backup
      </Anchor>
    </Text>
  )
}

function Found({ found }: { readonly found: (typeof records.find.reply)['_output'] }) {
  const { isThere, own, needed, tables, files, notCovered } = found
  if (!isThere)
    return (
      <Note tone="neutral" title="Not in the live database">
        <Text size="sm">The backup may have it: the comparison tells.</Text>
      </Note>
    )
  const withOwn = tables.filter((table) => table.own > 0).length
  return (
    <Note tone="good" title={`It is there: ${counted(own, 'row')} of ${counted(withOwn, 'table')} belong to it`}>
      <Text size="sm">
        {counted(needed, 'row')} of others have to exist for it.{' '}
        {files.map((one) => `Below ${one.root}: ${counted(one.own, 'file')}, ${printBytes(one.bytes)}. `)}
      </Text>
      {notCovered.length > 0 && <Text size="sm">Not covered, because nothing says whose their rows are: {notCovered.join(', ')}.</Text>}
    </Note>
  )
}
