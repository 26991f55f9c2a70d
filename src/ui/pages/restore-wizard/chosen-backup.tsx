import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { printBytes } from '#base/units.ts'
import type { BackupView } from '#contract/backups.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { sentenceCase, standingWords, wordingOf } from '#ui/words.ts'
import { doubtsOf, obstacleOf } from './backup-choice.ts'
import { LookNow } from './integrity.tsx'

const contents: Readonly<Record<BackupView['type'], string>> = {
  full: 'databases and files',
  database: 'databases alone',
  files: 'files alone',
  masked: 'databases, masked: for another place',
  entity: 'a selection of rows and files: for another place',
}

interface ChosenProps {
  readonly backup: BackupView
  readonly isProposed: boolean
  readonly proven: BackupView | undefined
  readonly onChoose: (id: string) => void
  readonly onGoOn: () => void
}

/** What is known of the one that is chosen, and how far it can be trusted. */
export function ChosenBackup({ backup, isProposed, proven, onChoose, onGoOn }: ChosenProps) {
  const { id, createdAt } = backup
  const [obstacle, doubts] = [obstacleOf(backup), doubtsOf(backup)]
  return (
    <Section
      title={
        <>
          Chosen: <Instant at={createdAt} />
        </>
      }
      lead={
        <>
          <Ago at={createdAt} />
          {isProposed ? '. Proposed: the newest good backup that has everything the system has.' : '.'}
        </>
      }
    >
      <Stack gap="md">
        <Known backup={backup} />
        {obstacle !== undefined && <Note tone="bad" title={obstacle} />}
        {obstacle === undefined && doubts.length > 0 && (
          <Note tone="warning" title="Before you trust it">
            {doubts.map((doubt) => (
              <Text size="sm" key={doubt}>
                {doubt}
              </Text>
            ))}
          </Note>
        )}
        {proven && proven.id !== id && (
          <Text size="sm">
            The newest one that is proven is of <Instant at={proven.createdAt} /> (<Ago at={proven.createdAt} />
            ).{' '}
            <Button variant="subtle" size="compact-sm" onClick={() => onChoose(proven.id)}>
              Choose that one
            </Button>
          </Text>
        )}
        {obstacle === undefined && (
          <>
            <LookNow of={{ backupId: id }} label="Look now whether it can be restored" />
            <Group justify="flex-end">
              <Button rightSection={<IconArrowRight size={16} aria-hidden />} onClick={onGoOn}>
                Go on with this backup
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Section>
  )
}

function Known({ backup }: { readonly backup: BackupView }) {
  const { id, name, standing, standingAt, status, type, fileSizeBytes, purpose, systemName } = backup
  const { words, tone, meaning } = standingWords[standing]
  return (
    <Facts
      rows={[
        [
          'Name',
          <Anchor key="name" renderRoot={(props) => <Link to="/backups/$id" params={{ id }} {...props} />}>
            {name}
          </Anchor>,
        ],
        ['System', systemName],
        ['Holds', contents[type]],
        [
          'Outcome',
          <Badge key="status" tone={wordingOf(status).tone}>
            {wordingOf(status).words}
          </Badge>,
        ],
        [
          'Integrity',
          <Group key="standing" gap="xs">
            <Badge tone={tone}>{words}</Badge>
            <span>
              {meaning}
              {standingAt !== null && (
                <>
                  , <Instant at={standingAt} />
                </>
              )}
            </span>
          </Group>,
        ],
        ['Size', fileSizeBytes === null ? 'not known' : printBytes(fileSizeBytes)],
        ...(purpose === 'safety' || purpose === 'release'
          ? [['Made', `${sentenceCase(purpose)} backup, of what a restore replaced`] as const]
          : []),
      ]}
    />
  )
}
