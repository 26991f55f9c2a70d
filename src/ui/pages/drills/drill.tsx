import { Anchor, Button, SimpleGrid, Stack, Text } from '@mantine/core'
import { FaultNote } from '#ui/parts/fault-note.tsx'
import { IconDownload, IconPrinter } from '@tabler/icons-react'
import { Link, useParams } from '@tanstack/react-router'
import { printBytes, printDuration } from '#base/units.ts'
import { drills, type DrillDetails } from '#contract/drills.ts'
import { useReply } from '#ui/call.ts'
import { Facts, Figure } from '#ui/parts/facts.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { printWhole } from '#ui/words.ts'
import { Compared, Findings, Questions, Steps } from './drill-evidence.tsx'
import { causeWords, isWithin, wordingOfDrill } from './drill-words.ts'

export function DrillPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(drills.details, { params: { id } })
  const drill = reply.data?.id === id ? reply.data : undefined
  return (
    <Page
      title={drill ? `Drill of ${drill.systemName}` : 'Drill'}
      trail={[{ title: 'Drills', to: '/drills' }]}
      actions={
        <>
          {drill && <Report drill={drill} />}
          <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
            Print
          </Button>
        </>
      }
    >
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {(data) => (data.id === id ? <Drill drill={data} /> : <CardSkeletons />)}
      </Loaded>
    </Page>
  )
}

/** To the byte as it was signed: a link, so that nothing touches it on the way. */
function Report({ drill: { id, hasReport, tenantId } }: { readonly drill: DrillDetails }) {
  const may = useMay()
  if (!hasReport || !may('drills.report', tenantId)) return null
  return (
    <Button
      component="a"
      href={drills.report.path.replace('{id}', id)}
      download={`drill-${id}.json`}
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      Signed report
    </Button>
  )
}

function Drill({ drill }: { readonly drill: DrillDetails }) {
  const { status, runId, stages, fault } = drill
  const isOpen = status === 'pending' || status === 'in_progress'
  return (
    <Stack gap="lg">
      <Outcome drill={drill} />
      {isOpen && runId !== null && (
        <Section title="As it goes on">
          <JobProgress runId={runId} />
        </Section>
      )}
      {fault && <FaultNote fault={fault} tone={drill.isBackupAtFault === false ? 'warning' : 'bad'} />}
      <Findings drill={drill} />
      <Compared drill={drill} />
      <Questions drill={drill} />
      {stages.length > 0 && <Steps stages={stages} />}
      <Record drill={drill} />
    </Stack>
  )
}

const meanings: Readonly<Record<string, string>> = {
  proven: 'Everything was restored and compared, and every question had the answer that was expected.',
  failed: 'This backup counts as failed, and those before it are kept until a drill of it or of a newer one passes.',
  machine: 'The machine could not hold it. That says nothing of the backup. Put the machine right, and run it again.',
  open: 'Nothing is known yet.',
  cancelled: 'It was ended before it found anything out.',
}

function meaningOf({ outcome, isBackupAtFault, status }: DrillDetails): string {
  if (outcome === 'proven') return meanings['proven']!
  if (outcome === 'failed') return meanings[isBackupAtFault === false ? 'machine' : 'failed']!
  return meanings[status === 'cancelled' ? 'cancelled' : 'open']!
}

function Outcome({ drill }: { readonly drill: DrillDetails }) {
  const { restoredInMs, objectiveMs, databases, roots, assertions } = drill
  const { words, tone } = wordingOfDrill(drill)
  const within = isWithin(drill)
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
  const holding = assertions.filter(({ outcome }) => outcome === 'holds').length
  return (
    <Stack gap="md">
      <div role="status">
        <Note tone={tone} title={words}>
          <Text size="sm">{meaningOf(drill)}</Text>
        </Note>
      </div>
      {restoredInMs !== null && (
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
          <Figure
            label="Restored in"
            value={printDuration(restoredInMs)}
            note={
              objectiveMs === null ? 'no objective is set' : `${within ? 'within' : 'over'} the objective of ${printDuration(objectiveMs)}`
            }
          />
          <Figure label="Rows compared" value={printWhole(sum(databases.map(({ rows, isVerified }) => (isVerified ? rows : 0))))} />
          <Figure
            label="Files compared"
            value={printWhole(sum(roots.map(({ files, isVerified }) => (isVerified ? files : 0))))}
            note={printBytes(sum(roots.map(({ bytes, isVerified }) => (isVerified ? bytes : 0))))}
          />
          <Figure label="Questions that hold" value={assertions.length === 0 ? 'none asked' : `${holding} of ${assertions.length}`} />
        </SimpleGrid>
      )}
    </Stack>
  )
}

function Record({ drill }: { readonly drill: DrillDetails }) {
  const { id, systemName, systemId, backupId, backupName, backupCreatedAt, cause, createdBy, createdAt, endedAt } = drill
  return (
    <Section title="Record">
      <Facts
        rows={[
          [
            'System',
            systemId === null ? (
              systemName
            ) : (
              <Anchor key="system" renderRoot={(props) => <Link to="/systems/$id" params={{ id: systemId }} {...props} />}>
                {systemName}
              </Anchor>
            ),
          ],
          [
            'Backup',
            <Anchor key="backup" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
              {backupName}
            </Anchor>,
          ],
          [
            'Made',
            <span key="made">
              <Instant at={backupCreatedAt} /> (<Ago at={backupCreatedAt} />)
            </span>,
          ],
          ['Because', causeWords[cause]],
          ['By', createdBy],
          ['Asked for', <Instant key="asked" at={createdAt} />],
          ['Ended', <Instant key="ended" at={endedAt} absent="not yet" />],
          [
            'State',
            <Badge key="state" tone={wordingOfDrill(drill).tone}>
              {wordingOfDrill(drill).words}
            </Badge>,
          ],
          ['Id', <code key="id">{id}</code>],
        ]}
      />
      {drill.hasReport && (
        <Text size="sm" mt="sm">
          The report is signed with the key of the repository. Anybody can check it, without the repository and without a network:{' '}
          <code>integrum drill check drill-{id}.json --public-key KEY</code>
        </Text>
      )}
    </Section>
  )
}
