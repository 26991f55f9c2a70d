import { Button, Stack, Text } from '@mantine/core'
import { IconEyeSearch } from '@tabler/icons-react'
import { masks, type MaskFinding, type MaskScan } from '#contract/masks.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { hintOf } from '#ui/hints.ts'
import { notify } from '#ui/notify.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { maskedWords } from '#ui/parts/mask-words.ts'
import { Section } from '#ui/parts/page.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'

/** What a masked copy would not tell, and what it still would. Rows are looked at, so only when somebody wants to know. */
export function MasksSection({ system }: { readonly system: SystemView }) {
  const may = useMay()
  const act = useAct(masks.scan, [])
  return (
    <Section
      title="Masked copies"
      lead={maskedWords(system.settings.masks)}
      actions={
        may('systems.test', system.tenantId) && (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconEyeSearch size={16} aria-hidden />}
            loading={act.isPending}
            onClick={() => act.mutate({ params: { id: system.id }, body: {} })}
          >
            Look for identifiers
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Refusal error={act.error} />
        {act.data && <Scanned system={system} scan={act.data} onSet={act.reset} />}
      </Stack>
    </Section>
  )
}

interface ScannedProps {
  readonly system: SystemView
  readonly scan: ReplyOf<typeof masks.scan>
  readonly onSet: () => void
}

function Scanned({ system, scan: { databases, proposed }, onSet }: ScannedProps) {
  const may = useMay()
  const act = useAct(systems.edit, ['systems'])
  const set = () =>
    act.mutate(
      { params: { id: system.id }, body: { settings: { ...system.settings, masks: proposed } } },
      {
        onSuccess: () => {
          notify({ tone: 'good', title: 'The masks are set', message: `${counted(proposed.columns.length, 'column')} of ${system.title}` })
          onSet()
        },
      },
    )
  return (
    <>
      <Note tone="warning" title="It finds what looks like an identifier, never that nothing else is one">
        <Text size="sm">Somebody who knows the application reads the list of all columns. No value is shown here.</Text>
      </Note>
      {databases.map((one) => (
        <Database key={one.database} scan={one} />
      ))}
      <Refusal error={act.error} />
      {!system.settings.masks && proposed.columns.length > 0 && may('systems.write', system.tenantId) && (
        <div>
          <Button className="no-print" loading={act.isPending} onClick={set}>
            Set the {counted(proposed.columns.length, 'proposed mask')}
          </Button>
        </div>
      )}
    </>
  )
}

const columns: readonly Column<MaskFinding>[] = [
  { id: 'column', title: 'Column', cell: (one) => `${one.schema}.${one.table}.${one.column}` },
  {
    id: 'state',
    title: 'In a masked copy',
    cell: ({ isMasked }) => <Badge tone={isMasked ? 'good' : 'warning'}>{isMasked ? 'masked' : 'as it is'}</Badge>,
  },
  { id: 'kind', title: 'Looks like', cell: ({ kind, paragraph }) => `${kind} (${paragraph})` },
  { id: 'mask', title: 'Mask that fits', cell: ({ mask, refused }) => mask ?? `none: ${refused ?? 'no mask takes it'}` },
  { id: 'because', title: 'Because', cell: ({ because }) => because.join('; ') },
]

function Database({ scan }: { readonly scan: MaskScan }) {
  const { database, findings, unread, set, fault } = scan
  const open = findings.filter(({ isMasked }) => !isMasked).length
  return (
    <Stack gap="sm">
      <Text fw={600}>Database {database}</Text>
      {fault && (
        <Note tone="bad" title={fault.fact}>
          <Text size="sm">{hintOf(fault)}</Text>
        </Note>
      )}
      {set?.broken.map((one) => (
        <Note key={one.fact} tone="bad" title={one.fact}>
          <Text size="sm">A masked backup would end with this. {hintOf(one)}</Text>
        </Note>
      ))}
      {set && set.broken.length === 0 && (
        <Text size="sm">
          {counted(set.columns.length, 'column')} masked, those that refer to one included. Tried on {counted(set.rowsTried, 'row')},{' '}
          {set.isAllTried ? 'all' : 'not all'} of the masked tables: constraints and keys hold.
        </Text>
      )}
      {set && set.untried.length > 0 && (
        <Text size="sm" c="dimmed">
          Not tried: {set.untried.join('; ')}
        </Text>
      )}
      <Text size="sm">
        {counted(findings.length, 'column')} {findings.length === 1 ? 'looks' : 'look'} like an identifier, {open} of them not masked;{' '}
        {counted(unread.length, 'column')} not looked into.
      </Text>
      {findings.length > 0 && (
        <DataTable
          label={`Identifiers in ${database}`}
          noun="column"
          columns={columns}
          rows={findings}
          keyOf={({ schema, table, column }) => JSON.stringify([schema, table, column])}
        />
      )}
    </Stack>
  )
}
