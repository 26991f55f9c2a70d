import { Box, Group, Skeleton, UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconArrowsSort } from '@tabler/icons-react'
import { columnVisibilityFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import { Suspense, lazy, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Paging } from './table-pages.tsx'

// Menus and lists that open bring much with them, which a short table does without.
const ColumnChoice = lazy(async () => ({ default: (await import('./column-choice.tsx')).ColumnChoice }))
const Pages = lazy(async () => ({ default: (await import('./table-pages.tsx')).Pages }))

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
  const definitions = useMemo(() => columns.map(({ id }): ColumnDef<typeof features, Row> => ({ id })), [columns])
  const table = useTable({ features, columns: definitions, data: rows, getRowId: keyOf, state: { columnVisibility } })
  const columnOf = new Map(columns.map((column) => [column.id, column]))
  const opening = useOpening(onOpen)
  return (
    <Box aria-busy={isOld}>
      {hasColumnChoice && (
        // As high as what comes: else the rows move when it does, away from under whoever is about to press one.
        <Suspense fallback={<Box h={28} mb={4} className="no-print" />}>
          <ColumnChoice columns={columns} shown={columnVisibility} onChange={setColumnVisibility} />
        </Suspense>
      )}
      {/* Wider than its place it is moved sideways, by keyboard too. */}
      <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={label}>
        <table aria-label={label} className="data-table stacking-table" style={{ opacity: isOld ? 0.6 : 1 }}>
          <thead>
            <tr>
              {table.getVisibleLeafColumns().map(({ id }) => (
                <HeaderCell key={id} column={columnOf.get(id)!} sorting={sorting} />
              ))}
            </tr>
          </thead>
          <tbody>
            {table.getRowModel().rows.map((row) => (
              <tr key={row.id} {...opening?.(row.original)}>
                {row.getVisibleCells().map((cell) => (
                  <td
                    key={cell.id}
                    data-title={columnOf.get(cell.column.id)!.title}
                    className={columnOf.get(cell.column.id)!.isNumber ? 'number' : undefined}
                  >
                    {/* As plain nodes: a menu or a focus in a cell outlives columns that are made anew. */}
                    {columnOf.get(cell.column.id)!.cell(row.original)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Suspense>{paging && <Pages paging={paging} noun={props.noun} />}</Suspense>
    </Box>
  )
}

/**
 * What opens a row. A link or button within it does what it says instead, also when the press was on one and the release
 * beside it, which a browser calls a click on the row; selecting text is no click.
 */
function useOpening<Row>(onOpen: ((row: Row) => void) | undefined) {
  const pressed = useRef<EventTarget>(null)
  if (!onOpen) return undefined
  const isPlain = (event: React.MouseEvent) => ![event.target, pressed.current].some(isOwn) && (window.getSelection()?.isCollapsed ?? true)
  return (row: Row) => ({
    className: 'row-link',
    onMouseDown: (event: React.MouseEvent) => {
      pressed.current = event.target
    },
    onClick: (event: React.MouseEvent) => {
      if (isPlain(event)) onOpen(row)
    },
  })
}

function isOwn(place: EventTarget | null): boolean {
  return place instanceof Element && place.closest('a, button, input, label, [role=menuitem]') !== null
}

function HeaderCell<Row>({ column, sorting }: { readonly column: Column<Row>; readonly sorting: Sorting | undefined }) {
  const { title, sort, isNumber = false } = column
  const align = { textAlign: isNumber ? ('end' as const) : ('start' as const), whiteSpace: 'nowrap' as const }
  if (sort === undefined || sorting === undefined) return <th style={align}>{title}</th>
  const isSorted = sorting.sort === sort
  const order = isSorted && sorting.order === 'desc' ? 'asc' : 'desc'
  const Icon = isSorted ? (sorting.order === 'desc' ? IconArrowDown : IconArrowUp) : IconArrowsSort
  return (
    <th style={align} aria-sort={isSorted ? (sorting.order === 'desc' ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton fz="sm" fw={700} onClick={() => sorting.onChange({ sort, order, page: 1 })}>
        {title} <Icon size={14} aria-hidden style={{ verticalAlign: 'text-bottom' }} />
      </UnstyledButton>
    </th>
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
