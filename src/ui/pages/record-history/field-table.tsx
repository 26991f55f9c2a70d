import { Table, VisuallyHidden } from '@mantine/core'
import { printValue, type FieldPair, type Value } from './history-points.ts'

interface FieldTableProps {
  readonly label: string
  readonly pairs: readonly FieldPair[]
  /** What stands above the two columns; one alone: only how it is. */
  readonly sides: readonly [then: string, now: string] | readonly [now: string]
}

/** A row field by field. What went is struck through, what came is bold: neither by colour alone. */
export function FieldTable({ label, pairs, sides }: FieldTableProps) {
  const hasTwo = sides.length === 2
  return (
    <Table.ScrollContainer minWidth={280}>
      <Table layout="fixed" aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="28%">Field</Table.Th>
            {sides.map((side) => (
              <Table.Th key={side}>{side}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pairs.map(({ column, before, after, isChanged }) => (
            <Table.Tr key={column}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {column}
                {hasTwo && isChanged && <VisuallyHidden> (changed)</VisuallyHidden>}
              </Table.Td>
              {hasTwo && <Cell value={before} mark={isChanged ? 'gone' : undefined} />}
              <Cell value={after} mark={hasTwo && isChanged ? 'new' : undefined} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Cell({ value, mark }: { readonly value: Value | undefined; readonly mark: 'gone' | 'new' | undefined }) {
  const text = printValue(value)
  return (
    <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
      {mark === 'gone' ? <del>{text}</del> : mark === 'new' ? <ins style={{ textDecoration: 'none', fontWeight: 650 }}>{text}</ins> : text}
    </Table.Td>
  )
}
