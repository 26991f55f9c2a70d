import { Group, Pagination, Text } from '@mantine/core'
import { counted, printWhole } from '#ui/words.ts'

interface PageChoiceProps {
  readonly noun: string
  readonly page: number
  readonly pageSize: number
  readonly total: number
  readonly onChange: (page: number) => void
}

/** For what comes page by page and is no table. */
export function PageChoice({ noun, page, pageSize, total, onChange }: PageChoiceProps) {
  const pages = Math.max(1, Math.ceil(total / pageSize))
  return (
    <Group justify="space-between" mt="sm" gap="sm" className="no-print">
      <Text size="sm" c="dimmed" aria-live="polite">
        {printWhole((page - 1) * pageSize + 1)} to {printWhole(Math.min(page * pageSize, total))} of {counted(total, noun)}
      </Text>
      {pages > 1 && (
        <Pagination
          size="sm"
          total={pages}
          value={page}
          onChange={onChange}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
        />
      )}
    </Group>
  )
}
