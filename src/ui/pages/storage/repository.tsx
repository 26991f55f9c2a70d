import { Button, Stack } from '@mantine/core'
import { IconKey, IconPencil } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { repositories, type RepositoryView } from '#contract/repositories.ts'
import { space } from '#contract/space.ts'
import { printBytes } from '#base/units.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted, printPercent } from '#ui/words.ts'
import { ChangePassword } from './change-password.tsx'
import { CheckSection } from './check-section.tsx'
import { EditRepository } from './edit-repository.tsx'
import { ReadingSection } from './reading-section.tsx'
import { FreeBar, SystemLinks, spaceFacts } from './repository-card.tsx'
import { RetireRepository } from './retire-repository.tsx'
import { spaceWords } from './space-words.ts'
import { SpaceChart } from './space-chart.tsx'

export function RepositoryPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(repositories.details, { params: { id } })
  return (
    <Loaded
      reply={reply}
      skeleton={
        <Page title="Repository" trail={[{ title: 'Storage', to: '/storage' }]}>
          <CardSkeletons />
        </Page>
      }
    >
      {(repository) => (
        <Page
          title={repository.name}
          lead={repository.place}
          trail={[{ title: 'Storage', to: '/storage' }]}
          actions={<Actions repository={repository} />}
        >
          {repository.retiredAt !== null && (
            <Note tone="neutral" title="This repository is retired">
              No new backup goes into it. What is in it stays, and can be restored.
            </Note>
          )}
          <SpaceSection repository={repository} />
          <CheckSection repository={repository} />
          <ReadingSection repository={repository} />
          <Section title="What it is">
            <Identity repository={repository} />
          </Section>
        </Page>
      )}
    </Loaded>
  )
}

function Actions({ repository }: { readonly repository: RepositoryView }) {
  const may = useMay()
  const [open, setOpen] = useState<'edit' | 'password' | 'retire'>()
  if (repository.retiredAt !== null || !may('repositories.write', repository.tenantId)) return null
  const close = () => setOpen(undefined)
  return (
    <>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen('edit')}>
        Name and quota
      </Button>
      <Button variant="default" leftSection={<IconKey size={16} aria-hidden />} onClick={() => setOpen('password')}>
        Change the password
      </Button>
      <Button variant="default" onClick={() => setOpen('retire')}>
        Retire
      </Button>
      <EditRepository repository={repository} isOpen={open === 'edit'} onClose={close} />
      <ChangePassword repository={repository} isOpen={open === 'password'} onClose={close} />
      <RetireRepository repository={repository} isOpen={open === 'retire'} onClose={close} />
    </>
  )
}

function SpaceSection({ repository: { id, retiredAt } }: { readonly repository: RepositoryView }) {
  const reply = useReply(space.days, { params: { id }, query: { days: 180 } }, { isAsked: retiredAt === null })
  if (retiredAt !== null) return null
  return (
    <Loaded reply={reply} skeleton={<TextSkeleton lines={8} />}>
      {(seen) => (
        <Section title="Space" actions={<Badge tone={spaceWords[seen.state].tone}>{spaceWords[seen.state].words}</Badge>}>
          <Stack gap="md">
            {seen.fact !== null && (
              <Note tone="warning" title={seen.fact}>
                Enlarge the storage, delete backups that nobody needs, or give the systems another repository.
              </Note>
            )}
            <FreeBar space={seen} />
            <Facts rows={spaceFacts(seen)} />
            <SpaceChart seen={seen} />
          </Stack>
        </Section>
      )}
    </Loaded>
  )
}

function Identity({ repository }: { readonly repository: RepositoryView }) {
  const { place, repositoryId, createdAt, changedAt, quotaBytes, backups, systems, state } = repository
  return (
    <Facts
      rows={[
        ['Place', place],
        ['restic’s id of it', <code key="id">{repositoryId}</code>],
        ['Backups in it', counted(backups, 'backup')],
        ['Systems', systems.length === 0 ? 'none' : <SystemLinks key="systems" systems={systems} />],
        ['Snapshots', state.snapshots === undefined ? 'not known yet' : counted(state.snapshots, 'snapshot')],
        ['Pack files', state.packs === undefined ? 'not known yet' : counted(state.packs, 'file')],
        ['Compression', state.compressionRatio === undefined ? 'not known yet' : `saves ${printPercent(state.compressionRatio)}`],
        ['Quota', quotaBytes === null ? 'none' : printBytes(quotaBytes)],
        ['Added', <Instant key="created" at={createdAt} />],
        ['Changed', <Instant key="changed" at={changedAt} />],
      ]}
    />
  )
}
