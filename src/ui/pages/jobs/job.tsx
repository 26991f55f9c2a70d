import { Button, Switch, Text } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { z } from 'zod'
import { jobs, type Job } from '#contract/jobs.ts'
import { wholeNumberSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { JobProgress, Log, useJob } from '#ui/parts/job-progress.tsx'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { PageChoice } from '#ui/parts/page-choice.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { useSearchState } from '#ui/search.ts'
import { isOver, kindWords } from '#ui/stages.ts'
import { capitalized } from '#ui/words.ts'
import { subjectsOf } from './job-subject.ts'

const searchSchema = z.object({ log: z.enum(['all']).optional(), page: wholeNumberSchema(1, 1_000_000).default(1) })
const linesOnPage = 200

export function JobPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const [{ log, page }, change] = useSearchState(searchSchema)
  const { data: job } = useJob(id)
  return (
    <Page
      title={capitalized(job?.title ?? 'Job')}
      trail={[{ title: 'Activity', to: '/jobs' }]}
      actions={
        job &&
        subjectsOf(job).map(({ words, to }) => (
          <Button key={to} variant="default" renderRoot={(props) => <Link to={to} {...props} />}>
            {words}
          </Button>
        ))
      }
    >
      <Section>
        <JobProgress runId={id} isLogShown={log === undefined} />
      </Section>
      {job && <JobFacts job={job} />}
      <Section
        title="Whole log"
        actions={
          <Switch
            label="Show it from its beginning"
            checked={log === 'all'}
            onChange={(event) => change({ log: event.currentTarget.checked ? 'all' : undefined, page: 1 })}
          />
        }
      >
        {log === 'all' ? (
          <WholeLog id={id} page={page} isGrowing={job !== undefined && !isOver(job)} onPage={(next) => change({ page: next })} />
        ) : (
          <Text size="sm" c="dimmed">
            Above are its last lines. All of them are kept, page by page.
          </Text>
        )}
      </Section>
    </Page>
  )
}

function JobFacts({ job }: { readonly job: Job }) {
  return (
    <Section title="What is known of it">
      <Facts
        rows={[
          ['Kind', kindWords(job.kind)],
          ['Asked for by', job.createdBy],
          ['Asked for', <Instant key="created" at={job.createdAt} />],
          ['Began', <Instant key="started" at={job.startedAt} absent="not yet" />],
          ['Ended', <Instant key="ended" at={job.endedAt} absent="not yet" />],
          ['Attempts', job.attempt],
          ['Worker', job.worker ?? 'none yet'],
        ]}
      />
    </Section>
  )
}

interface WholeLogProps {
  readonly id: string
  readonly page: number
  readonly isGrowing: boolean
  readonly onPage: (page: number) => void
}

function WholeLog({ id, page, isGrowing, onPage }: WholeLogProps) {
  const query = { page, pageSize: linesOnPage }
  const reply = useReply(jobs.log, { params: { id }, query }, isGrowing ? { everyMs: 5_000 } : {})
  return (
    <Loaded
      reply={reply}
      skeleton={<TextSkeleton lines={8} />}
      isEmpty={({ total }) => total === 0}
      empty={<Text size="sm">{isGrowing ? 'Nothing was written yet.' : 'It wrote nothing to its log.'}</Text>}
    >
      {({ rows, total }) => (
        <>
          <Log lines={rows} />
          <PageChoice noun="line" page={page} pageSize={linesOnPage} total={total} onChange={onPage} />
        </>
      )}
    </Loaded>
  )
}
