import { Button, Group, Radio, Stack, Text } from '@mantine/core'
import type { ChangedRow, RecordChoices } from '#contract/records.ts'
import { keyOfRow, mayBeCopied, rowChoice, rowWords, takenSide, withRow, type TableName, type Take } from './record-choices.ts'

/** What somebody is choosing; the comparison is made anew with it when they say so. */
export interface Choosing {
  readonly choices: RecordChoices
  readonly change: (choices: RecordChoices) => void
}

interface RowChoiceProps {
  readonly row: ChangedRow
  readonly name: TableName
  readonly chosenBy: ChangedRow['key']
  /** The key as it is shown, for whoever hears the page. */
  readonly label: string
  readonly choosing: Choosing
}

/** For one row alone: either side, with what it does. */
export function RowChoice({ row, name, chosenBy, label, choosing: { choices, change } }: RowChoiceProps) {
  const key = keyOfRow(chosenBy)
  if (key === undefined)
    return (
      <Text size="sm" className="no-print">
        Its key is too long to choose for it alone; choose for the table.
      </Text>
    )
  const own = rowChoice(choices, name, key)
  const { backup, live, fact } = rowWords(row)
  // Of a copy of everything live rows are left alone.
  const isCopy = choices.asCopy || row.action === 'copy'
  return (
    <Stack gap={4} mt={6} className="no-print">
      {fact !== undefined && <Text size="sm">{fact}</Text>}
      <Group gap="md" align="flex-end">
        <Radio.Group
          aria-label={`For this row: ${label}`}
          value={own ?? takenSide(row) ?? ''}
          onChange={(take) => change(withRow(choices, { ...name, key }, take as Take))}
        >
          <Group gap="md">
            {!isCopy && <Radio size="xs" value="backup" label={backup} />}
            <Radio size="xs" value="live" label={live} />
            {(isCopy || mayBeCopied(row)) && <Radio size="xs" value="copy" label="Comes as a copy, under a new key" />}
          </Group>
        </Radio.Group>
        {own !== undefined && (
          <Button variant="subtle" size="compact-xs" onClick={() => change(withRow(choices, { ...name, key }, undefined))}>
            Take this choice back
          </Button>
        )}
      </Group>
    </Stack>
  )
}
