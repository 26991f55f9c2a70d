import { Anchor, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { IconStethoscope } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { repositories, type RepositoryView } from '#contract/repositories.ts'
import { uuidSchema } from '#contract/shapes.ts'
import { useAct } from '#ui/call.ts'
import { ChoiceCards } from '#ui/parts/choice-cards.tsx'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { checkWords } from './space-words.ts'

const searchSchema = z.object({ run: uuidSchema.optional() })

/** Whether what is stored is whole: the last check, and another one as it goes on. */
export function CheckSection({ repository }: { readonly repository: RepositoryView }) {
  const [{ run }, change] = useSearchState(searchSchema)
  const [isOpen, setIsOpen] = useState(false)
  const may = useMay()
  const { lastCheck } = repository.state
  const isChecker = repository.retiredAt === null && may('repositories.check', repository.tenantId)
  return (
    <Section
      title="Check"
      lead="Whether every backup in it can still be read."
      actions={
        isChecker && (
          <Button variant="default" leftSection={<IconStethoscope size={16} aria-hidden />} onClick={() => setIsOpen(true)}>
            Check now
          </Button>
        )
      }
    >
      <Stack gap="md">
        {run !== undefined && <JobProgress runId={run} />}
        {lastCheck === undefined ? (
          <Note tone="unknown" title="Not checked yet">
            A quick check takes seconds and looks at the structure; a full one reads every byte.
          </Note>
        ) : (
          <CheckResult check={lastCheck} />
        )}
      </Stack>
      <Modal opened={isOpen} onClose={() => setIsOpen(false)} title={<Text fw={650}>Check {repository.name}</Text>} size="lg">
        {isOpen && (
          <CheckForm
            repositoryId={repository.id}
            onClose={() => setIsOpen(false)}
            onStarted={(runId) => {
              setIsOpen(false)
              change({ run: runId })
            }}
          />
        )}
      </Modal>
    </Section>
  )
}

type LastCheck = NonNullable<RepositoryView['state']['lastCheck']>

const findingColumns: readonly Column<LastCheck['findings'][number]>[] = [
  { id: 'name', title: 'Where', cell: ({ name }) => <code>{name}</code> },
  { id: 'fact', title: 'What was found', cell: ({ fact }) => fact },
  { id: 'code', title: 'Code', cell: ({ code }) => <code>{code}</code> },
]

function CheckResult({ check }: { readonly check: LastCheck }) {
  const { words, tone } = checkWords(check)
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Badge tone={tone}>{words}</Badge>
        <Text size="sm">
          <Instant at={check.at} />
        </Text>
      </Group>
      {!check.isIntact && (
        <>
          <Note tone="bad" title="Remove nothing, and look at the disk below it">
            Make a new backup: what is still there at the source is stored again. Then verify the newest backups: they say which of them are
            whole. <Anchor renderRoot={(props) => <Link to="/backups" {...props} />}>To the backups</Anchor>
          </Note>
          <DataTable
            label="Findings"
            noun="finding"
            columns={findingColumns}
            rows={check.findings}
            keyOf={({ code, name }) => `${code} ${name}`}
          />
          {check.findingCount > check.findings.length && (
            <Text size="sm">
              The first {check.findings.length} of {counted(check.findingCount, 'finding')}; the log of the check has more.
            </Text>
          )}
        </>
      )}
    </Stack>
  )
}

const depths = [
  {
    value: 'quick',
    title: 'Quick',
    text: 'The structure: keys, index, snapshots, and whether every pack file is there. Seconds to minutes.',
  },
  {
    value: 'full',
    title: 'Full',
    text: 'The same, and every byte of every pack file is read and hashed. As long as reading all of it takes.',
  },
] as const

interface CheckFormProps {
  readonly repositoryId: string
  readonly onClose: () => void
  readonly onStarted: (runId: string) => void
}

function CheckForm({ repositoryId, onClose, onStarted }: CheckFormProps) {
  const act = useAct(repositories.check, ['jobs', 'repositories'])
  const [depth, setDepth] = useState<'quick' | 'full'>('quick')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ params: { id: repositoryId }, body: { depth } }, { onSuccess: ({ runId }) => onStarted(runId) })
      }}
    >
      <Stack gap="md">
        <ChoiceCards label="How deep" choices={depths} value={depth} onChange={setDepth} />
        <Text size="sm" c="dimmed">
          Nothing is changed, and backups go on beside it.
        </Text>
        <Refusal error={act.error} />
        <FormButtons submit="Check it" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}
