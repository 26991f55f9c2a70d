import { Anchor, Button, Group, Text } from '@mantine/core'
import { Link, useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { repositories } from '#contract/repositories.ts'
import { Page, Section } from '#ui/parts/page.tsx'
import { Confirm } from '#ui/parts/confirm.tsx'
import { RecoveryKey } from '#ui/parts/recovery-key.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { AddRepositoryForm } from './add-repository-form.tsx'

type Added = ReplyOf<typeof repositories.create>

const trail = [{ title: 'Storage', to: '/storage' }]

export function AddRepository() {
  const [added, setAdded] = useState<Added>()
  const [isSaved, setIsSaved] = useState(false)
  if (added === undefined)
    return (
      <Page title="Add a repository" lead="Where backups rest: encrypted, deduplicated, readable with restic as well." trail={trail}>
        <Section>
          <AddRepositoryForm
            onAdded={(reply) => {
              setAdded(reply)
              setIsSaved(reply.recoveryKey === undefined)
            }}
          />
        </Section>
      </Page>
    )
  if (!isSaved && added.recoveryKey !== undefined)
    return <KeyToSave added={added} recoveryKey={added.recoveryKey} onSaved={() => setIsSaved(true)} />
  return <AddedPage added={added} />
}

interface KeyToSaveProps {
  readonly added: Added
  readonly recoveryKey: string
  readonly onSaved: () => void
}

function KeyToSave({ added: { repository }, recoveryKey, onSaved }: KeyToSaveProps) {
  const { name, place, repositoryId, createdAt } = repository
  const blocker = useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true, withResolver: true })
  return (
    <Page title={`Recovery key of ${name}`} trail={trail}>
      <Section>
        <RecoveryKey sheet={{ recoveryKey, name, place, repositoryId, at: createdAt }} onSaved={onSaved} />
      </Section>
      <Confirm
        isOpen={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        title="Leave without the recovery key?"
        submit="Leave, and lose this key"
        isBusy={false}
        error={null}
        onConfirm={() => blocker.proceed?.()}
      >
        It cannot be shown again. The repository stays, and its password is kept by the service; if both are lost, nobody can read its
        backups.
      </Confirm>
    </Page>
  )
}

function AddedPage({ added: { repository, recoveryKey } }: { readonly added: Added }) {
  const { id, name, place, state } = repository
  return (
    <Page title={name} trail={trail}>
      <Section>
        <Note tone="good" title={recoveryKey === undefined ? `${name} is connected` : `${name} is made`}>
          {recoveryKey === undefined
            ? `It is at ${place}${state.snapshots === undefined ? '' : ` and holds ${counted(state.snapshots, 'snapshot')}`}.`
            : `It is empty, at ${place}. Its password is kept sealed by the service; its recovery key by you.`}
        </Note>
        <Text mt="md">
          Next, connect the system whose backups it shall hold. Every byte in it is read again within 30 days; how often can be changed on{' '}
          <Anchor renderRoot={(props) => <Link to="/storage/$id" params={{ id }} {...props} />}>its page</Anchor>.
        </Text>
        <Group mt="md">
          <Button renderRoot={(props) => <Link to="/systems/new" search={{ repository: id }} {...props} />}>Connect a system</Button>
          <Button variant="default" renderRoot={(props) => <Link to="/storage/$id" params={{ id }} {...props} />}>
            Open the repository
          </Button>
        </Group>
      </Section>
    </Page>
  )
}
