import { Anchor, Select, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { repositories } from '#contract/repositories.ts'
import { printBytes } from '#base/units.ts'
import { useReply } from '#ui/call.ts'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Note } from '#ui/parts/tone.tsx'
import type { DraftErrors, SystemDraft } from './system-draft.ts'

interface RepositoryChoiceProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly onChange: (change: Partial<SystemDraft>) => void
}

/** Where the backups go; one of the same organization. */
export function RepositoryChoice({ draft, errors, onChange }: RepositoryChoiceProps) {
  const reply = useReply(repositories.list, { query: { pageSize: 200 } })
  const ofTenant = (tenantId: string) => draft.tenantId === undefined || draft.tenantId === tenantId
  return (
    <Loaded
      reply={reply}
      skeleton={<TextSkeleton lines={2} />}
      isEmpty={({ rows }) => !rows.some(({ tenantId }) => ofTenant(tenantId))}
      empty={
        <Note tone="warning" title="There is no repository yet">
          <Text size="sm">
            Backups need a place to rest. <Anchor renderRoot={(props) => <Link to="/storage/new" {...props} />}>Add a repository</Anchor>{' '}
            first, then connect the system.
          </Text>
        </Note>
      }
    >
      {({ rows }) => (
        <Select
          label="Repository"
          description="Where the backups go. Backups of several systems may share one."
          placeholder="Choose one"
          required
          data={rows
            .filter(({ tenantId }) => ofTenant(tenantId))
            .map(({ id, name, place, state }) => ({ value: id, label: `${name} · ${place}${freeOf(state.freeBytes)}` }))}
          value={draft.repositoryId === '' ? null : draft.repositoryId}
          error={errors['repositoryId']}
          onChange={(repositoryId) => onChange({ repositoryId: repositoryId ?? '' })}
        />
      )}
    </Loaded>
  )
}

function freeOf(freeBytes: number | null | undefined): string {
  return typeof freeBytes === 'number' ? ` · ${printBytes(freeBytes)} free` : ''
}
