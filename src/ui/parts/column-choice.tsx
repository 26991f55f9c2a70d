import { ActionIcon, Group, Menu } from '@mantine/core'
import { IconColumns } from '@tabler/icons-react'

interface ColumnChoiceProps {
  readonly columns: readonly { readonly id: string; readonly title: string }[]
  readonly shown: Readonly<Record<string, boolean>>
  readonly onChange: (shown: Record<string, boolean>) => void
}

export function ColumnChoice({ columns, shown, onChange }: ColumnChoiceProps) {
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
            <Menu.CheckboxItem key={id} checked={shown[id] ?? false} onChange={(isShown) => onChange({ ...shown, [id]: isShown })}>
              {title}
            </Menu.CheckboxItem>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
