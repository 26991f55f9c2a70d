import { Button, Select, Text } from '@mantine/core'
import { IconDeviceDesktop } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { BackupType } from '#contract/backups.ts'
import type { SystemView } from '#contract/systems.ts'
import { ChoiceCards, type Choice } from '#ui/parts/choice-cards.tsx'
import { Placeholder } from '#ui/parts/loaded.tsx'
import { useMay } from '#ui/session.ts'
import { extents, typesOf, type BackupDraft, type Extent } from './backup-draft.ts'
import type { ExtentProps } from './extent-props.ts'
import { MaskedParts } from './masked-parts.tsx'
import { SelectionParts } from './selection-parts.tsx'

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

const extentChoices: Readonly<Record<Extent, Pick<Choice<Extent>, 'title' | 'text'>>> = {
  everything: { title: 'Everything', text: 'The system as it is now. The backup stands for it: from it the system comes back.' },
  some: {
    title: 'Some of it',
    text: 'One patient, one study, some tables, some time: with all that it needs, to be taken elsewhere or kept apart.',
  },
  masked: {
    title: 'Masked copy',
    text: 'For research, tests or training: all rows, and made-up values where the masks of the system say so. Restored elsewhere alone.',
  },
}

/** Of what, and how much; below it what that choice asks. */
export function ChooseStep({ systems, system, draft, onSystem, onChange }: ChooseStepProps) {
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
            label="How much of it"
            choices={extents.map((value) => ({ value, ...extentChoices[value], isDisabled: !isPossible(value, system) }))}
            value={draft.extent}
            onChange={(extent) => onChange({ extent })}
          />
          {draft.extent === 'everything' && <WholeTypes system={system} draft={draft} onChange={onChange} />}
          {draft.extent === 'masked' && <MaskedParts system={system} />}
          {draft.extent === 'some' && <SelectionParts system={system} draft={draft} onChange={onChange} />}
        </>
      )}
    </>
  )
}

/** What is not everything is of rows. */
function isPossible(extent: Extent, { databases }: SystemView): boolean {
  return extent === 'everything' || databases.length > 0
}

function WholeTypes({ system, draft, onChange }: ExtentProps) {
  const possible = typesOf(system)
  return (
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
