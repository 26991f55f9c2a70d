import {
  Box,
  Checkbox,
  Group,
  Menu,
  Pagination,
  ScrollArea,
  Select,
  Skeleton,
  Table,
  Text,
  UnstyledButton,
  ActionIcon,
} from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconArrowsSort, IconColumns } from '@tabler/icons-react'
import { columnVisibilityFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import { useMemo, useState, type ReactNode } from 'react'
import { counted, printWhole } from '#ui/words.ts'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** By which the server sorts; without one the column cannot be sorted by. */
  readonly sort?: string
  /** Numbers stand at the right. */
  readonly isNumber?: boolean
  /** Shown when asked for only. */
  readonly isHidden?: boolean
}

export interface Paging {
  readonly page: number
  readonly pageSize: number
  readonly total: number
  readonly onChange: (change: { page?: number; pageSize?: number }) => void
}

export interface Sorting {
  readonly sort: string
  readonly order: 'asc' | 'desc'
  readonly onChange: (change: { sort: string; order: 'asc' | 'desc'; page: number }) => void
}

interface DataTableProps<Row> {
  /** What the rows are, for people who hear the table: `Backups`. */
  readonly label: string
  /** Of one: `backup`. */
  readonly noun: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly paging?: Paging
  readonly sorting?: Sorting
  /** Opens a row; the first column should hold a link or a button that does the same for the keyboard. */
  readonly onOpen?: (row: Row) => void
  /** Greyed while newer rows are fetched. */
  readonly isOld?: boolean
  readonly hasColumnChoice?: boolean
}

const features = tableFeatures({ columnVisibilityFeature })

/** A page of rows that the server has sorted, filtered and counted. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rows, keyOf, paging, sorting, onOpen, isOld = false, hasColumnChoice = false } = props
  const [columnVisibility, setColumnVisibility] = useState<Record<string, boolean>>(() =>
    Object.fromEntries(columns.map(({ id, isHidden }) => [id, isHidden !== true])),
  )
  const definitions = useMemo(
    () => columns.map((column): ColumnDef<typeof features, Row> => ({ id: column.id, cell: ({ row }) => column.cell(row.original) })),
    [columns],
  )
  const table = useTable({ features, columns: definitions, data: rows, getRowId: keyOf, state: { columnVisibility } })
  const columnOf = new Map(columns.map((column) => [column.id, column]))
  return (
    <Box aria-busy={isOld}>
      {hasColumnChoice && <ColumnChoice columns={columns} shown={columnVisibility} onChange={setColumnVisibility} />}
      <ScrollArea
        type="auto"
        scrollbars="x"
        offsetScrollbars="present"
        viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': label }}
      >
        <Table aria-label={label} className="stacking-table" style={{ opacity: isOld ? 0.6 : 1 }}>
          <Table.Thead>
            <Table.Tr>
              {table.getVisibleLeafColumns().map(({ id }) => (
                <HeaderCell key={id} column={columnOf.get(id)!} sorting={sorting} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {table.getRowModel().rows.map((row) => (
              <Table.Tr
                key={row.id}
                {...(onOpen && { className: 'row-link', onClick: (event) => isPlainClick(event) && onOpen(row.original) })}
              >
                {row.getVisibleCells().map((cell) => (
                  <Table.Td
                    key={cell.id}
                    data-title={columnOf.get(cell.column.id)!.title}
                    className={columnOf.get(cell.column.id)!.isNumber ? 'number' : undefined}
                  >
                    <table.FlexRender cell={cell} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {paging && <Pages paging={paging} noun={props.noun} />}
    </Box>
  )
}

/** A link or button within the row does what it says instead; selecting text is no click. */
function isPlainClick(event: React.MouseEvent): boolean {
  const isOwn = (event.target as Element).closest('a, button, input, label, [role=menuitem]') !== null
  return !isOwn && (window.getSelection()?.isCollapsed ?? true)
}

function HeaderCell<Row>({ column, sorting }: { readonly column: Column<Row>; readonly sorting: Sorting | undefined }) {
  const { title, sort, isNumber = false } = column
  const align = { textAlign: isNumber ? ('end' as const) : ('start' as const), whiteSpace: 'nowrap' as const }
  if (sort === undefined || sorting === undefined) return <Table.Th style={align}>{title}</Table.Th>
  const isSorted = sorting.sort === sort
  const order = isSorted && sorting.order === 'desc' ? 'asc' : 'desc'
  const Icon = isSorted ? (sorting.order === 'desc' ? IconArrowDown : IconArrowUp) : IconArrowsSort
  return (
    <Table.Th style={align} aria-sort={isSorted ? (sorting.order === 'desc' ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton fz="sm" fw={700} onClick={() => sorting.onChange({ sort, order, page: 1 })}>
        {title} <Icon size={14} aria-hidden style={{ verticalAlign: 'text-bottom' }} />
      </UnstyledButton>
    </Table.Th>
  )
}

interface ColumnChoiceProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly shown: Readonly<Record<string, boolean>>
  readonly onChange: (shown: Record<string, boolean>) => void
}

function ColumnChoice<Row>({ columns, shown, onChange }: ColumnChoiceProps<Row>) {
  return (
    <Group justify="flex-end" mb={4} className="no-print">
      <Menu closeOnItemClick={false} position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="md" aria-label="Choose columns">
            <IconColumns size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {columns.map(({ id, title }) => (
            <Menu.Item
              key={id}
              onClick={() => onChange({ ...shown, [id]: !shown[id] })}
              role="menuitemcheckbox"
              aria-checked={shown[id] ?? false}
            >
              <Checkbox.Indicator checked={shown[id] ?? false} size="xs" mr={8} style={{ display: 'inline-flex' }} /> {title}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

const pageSizes = ['10', '25', '50', '100']

function Pages({ paging, noun }: { readonly paging: Paging; readonly noun: string }) {
  const { page, pageSize, total, onChange } = paging
  const pages = Math.max(1, Math.ceil(total / pageSize))
  const first = total === 0 ? 0 : (page - 1) * pageSize + 1
  return (
    <Group justify="space-between" mt="sm" gap="sm" className="no-print">
      <Text size="sm" c="dimmed" aria-live="polite">
        {total === 0
          ? counted(0, noun)
          : `${printWhole(first)} to ${printWhole(Math.min(page * pageSize, total))} of ${counted(total, noun)}`}
      </Text>
      <Group gap="sm">
        {total > 10 && (
          <Select
            size="xs"
            w={76}
            aria-label="Rows on a page"
            data={pageSizes}
            value={String(pageSize)}
            allowDeselect={false}
            onChange={(size) => onChange({ pageSize: Number(size), page: 1 })}
          />
        )}
        {pages > 1 && (
          <Pagination
            size="sm"
            total={pages}
            value={page}
            siblings={1}
            onChange={(next) => onChange({ page: next })}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
          />
        )}
      </Group>
    </Group>
  )
}

export function TableSkeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <Box>
      {Array.from({ length: rows }, (_none, row) => (
        <Group key={row} py={8} gap="lg" wrap="nowrap">
          <Skeleton height={14} width="30%" />
          <Skeleton height={14} width="18%" />
          <Skeleton height={14} width="22%" />
          <Skeleton height={14} width="12%" />
        </Group>
      ))}
    </Box>
  )
}
