import { useMemo } from 'react'
import { Button, Text, Tooltip } from '@mantine/core'
import type { Key } from '#contract/keys.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Ago, Instant, useNow } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { permissionWords } from '#ui/roles.ts'
import { counted, type Wording } from '#ui/words.ts'

interface KeyTableProps {
  readonly label: string
  readonly keys: readonly Key[]
  /** Absent where the reader may not end them. */
  readonly onEnd?: (key: Key) => void
}

export function keyState({ revokedAt, expiresAt }: Key, now: Date): Wording {
  if (revokedAt !== null) return { words: 'Ended', tone: 'neutral' }
  return new Date(expiresAt) <= now ? { words: 'Run out', tone: 'neutral' } : { words: 'Good', tone: 'good' }
}

export function KeyTable({ label, keys, onEnd }: KeyTableProps) {
  const columns = useMemo(() => (onEnd ? [...shown, endColumn(onEnd)] : shown), [onEnd])
  return <DataTable label={label} noun="key" columns={columns} rows={keys} keyOf={({ id }) => id} />
}

const shown: readonly Column<Key>[] = [
  { id: 'name', title: 'Name', cell: ({ name }) => name },
  { id: 'state', title: 'State', cell: (key) => <StateOfKey of={key} /> },
  { id: 'permissions', title: 'May', cell: ({ permissions }) => <MayOfKey permissions={permissions} /> },
  { id: 'used', title: 'Used last', cell: ({ usedAt }) => <Ago at={usedAt} /> },
  { id: 'expires', title: 'Good until', cell: ({ revokedAt, expiresAt }) => <Instant at={revokedAt ?? expiresAt} /> },
]

function endColumn(onEnd: (key: Key) => void): Column<Key> {
  return { id: 'end', title: 'Actions', cell: (key) => <EndButton of={key} onEnd={onEnd} /> }
}

function StateOfKey({ of }: { readonly of: Key }) {
  const { words, tone } = keyState(of, useNow(60_000))
  return <Badge tone={tone}>{words}</Badge>
}

function MayOfKey({ permissions }: Pick<Key, 'permissions'>) {
  return (
    <Tooltip label={permissions.map(permissionWords).join('; ')} multiline maw={420}>
      <Text size="sm" tabIndex={0} span>
        {permissions.length === 1 ? permissionWords(permissions[0]!) : counted(permissions.length, 'permission')}
      </Text>
    </Tooltip>
  )
}

function EndButton({ of, onEnd }: { readonly of: Key; readonly onEnd: (key: Key) => void }) {
  if (keyState(of, useNow(60_000)).tone !== 'good') return null
  return (
    <Button size="xs" variant="default" onClick={() => onEnd(of)} aria-label={`End the key ${of.name}`}>
      End
    </Button>
  )
}
