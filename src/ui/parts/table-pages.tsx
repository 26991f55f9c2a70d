import { Group, Pagination, Select, Text } from '@mantine/core'
import { counted, printWhole } from '#ui/words.ts'

export interface Paging {
  readonly page: number
  readonly pageSize: number
  readonly total: number
  readonly onChange: (change: { page?: number; pageSize?: number }) => void
}

const pageSizes = ['10', '25', '50', '100']

export function Pages({ paging, noun }: { readonly paging: Paging; readonly noun: string }) {
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
