import { Button, Select, Text } from '@mantine/core'
import { IconDeviceDesktop } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { BackupType } from '#contract/backups.ts'
import type { SystemView } from '#contract/systems.ts'
import { ChoiceCards } from '#ui/parts/choice-cards.tsx'
import { Placeholder } from '#ui/parts/loaded.tsx'
import { useMay } from '#ui/session.ts'
import { typesOf, type BackupDraft } from './backup-draft.ts'

interface ChooseStepProps {
  readonly systems: readonly SystemView[]
  readonly system: SystemView | undefined
  readonly draft: BackupDraft
  readonly onSystem: (id: string) => void
  readonly onChange: (change: Partial<BackupDraft>) => void
}

const types: readonly { readonly value: BackupType; readonly title: string; readonly text: string }[] = [
  { value: 'full', title: 'Full', text: 'Databases and files from one moment. What can bring everything back.' },
  { value: 'database', title: 'Database', text: 'The databases alone, each at one instant: quick, before an upgrade or a migration.' },
  { value: 'files', title: 'Files', text: 'The directories alone, with permissions, owners and times.' },
]

export function ChooseStep({ systems, system, draft, onSystem, onChange }: ChooseStepProps) {
  const possible = system ? typesOf(system) : []
  return (
    <>
      <Select
        label="System"
        placeholder="Choose one"
        required
        searchable
        allowDeselect={false}
        data={systems.map(({ id, name, title }) => ({ value: id, label: `${title} (${name})` }))}
        value={system?.id ?? null}
        onChange={(id) => id !== null && onSystem(id)}
      />
      {system && (
        <>
          <ChoiceCards
            label="Type"
            choices={types.map((type) => ({ ...type, isDisabled: !possible.includes(type.value) }))}
            value={draft.type}
            onChange={(type) => onChange({ type })}
          />
          {possible.length < types.length && (
            <Text size="sm" c="dimmed">
              {system.databases.length === 0 ? 'This system has no database.' : 'This system has no directory of files.'}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            Every type stores only what the repository does not hold yet; each backup can be restored by itself.
          </Text>
        </>
      )}
    </>
  )
}

export function NoSystem() {
  const may = useMay()
  return (
    <Placeholder
      icon={<IconDeviceDesktop size={36} aria-hidden />}
      title="There is no system to back up"
      action={
        may('systems.write') && (
          <Button mt="sm" renderRoot={(props) => <Link to="/systems/new" {...props} />}>
            Connect a system
          </Button>
        )
      }
    >
      Connect the application first: its databases, its files, and where its backups go.
    </Placeholder>
  )
}
