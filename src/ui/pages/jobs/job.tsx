import { useParams } from '@tanstack/react-router'
import { jobs } from '#contract/jobs.ts'
import { useReply } from '#ui/call.ts'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { Page, Section } from '#ui/parts/page.tsx'

export function JobPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const { data } = useReply(jobs.read, { params: { id } })
  return (
    <Page title={data?.title ?? 'Job'} trail={[{ title: 'Activity', to: '/jobs' }]}>
      <Section>
        <JobProgress runId={id} />
      </Section>
    </Page>
  )
}
