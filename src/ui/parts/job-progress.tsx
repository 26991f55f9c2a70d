import { Button, Group, Progress, Stack, Stepper, Text } from '@mantine/core'
import { FaultNote } from './fault-note.tsx'
import { IconPlayerStop } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { printBytes, printDuration } from '#base/units.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { jobs } from '#contract/jobs.ts'
import { useAct, useReply } from '#ui/call.ts'
import { useMay } from '#ui/session.ts'
import { useLiveState } from '#ui/live.ts'
import { isOver, stageIndex, stageWords, stagesOf } from '#ui/stages.ts'
import { counted, printWhole, wordingOf } from '#ui/words.ts'
import { Confirm } from './confirm.tsx'
import { Loaded, TextSkeleton } from './loaded.tsx'
import { Ago, Instant } from './time.tsx'
import { Badge, Note } from './tone.tsx'

type JobWithLog = ReplyOf<typeof jobs.read>

interface JobProgressProps {
  readonly runId: string
  readonly isLogShown?: boolean
  /** False where the page itself offers it, in its own words. */
  readonly hasCancel?: boolean
}

/** A job as it goes on: where it is, how fast, what is left, its log. Measured; what is not known is not drawn. */
export function JobProgress({ runId, isLogShown = true, hasCancel = true }: JobProgressProps) {
  // Events tell of progress; the log is asked for.
  const job = useJob(runId)
  return (
    <Loaded reply={job} skeleton={<TextSkeleton lines={5} />}>
      {(run) => (
        <Stack gap="md">
          <Group justify="space-between" gap="sm">
            <Group gap="sm">
              <Badge tone={wordingOf(run.status).tone}>{wordingOf(run.status).words}</Badge>
              <Text size="sm" c="dimmed">
                {run.startedAt === null ? (
                  <>
                    waits since <Ago at={run.createdAt} />
                  </>
                ) : (
                  <>
                    began <Instant at={run.startedAt} />
                  </>
                )}
                {run.startedAt !== null && run.endedAt !== null && `, took ${printTook(run.startedAt, run.endedAt)}`}
                {run.attempt > 1 && `, attempt ${run.attempt}`}
              </Text>
            </Group>
            {hasCancel && <CancelJob run={run} />}
          </Group>
          <Stages run={run} />
          <ConnectionLost run={run} />
          <Measured run={run} />
          {run.fault && <FaultNote fault={run.fault} tone={run.status === 'failed' ? 'bad' : 'warning'} />}
          {isLogShown && <Log lines={run.log} />}
        </Stack>
      )}
    </Loaded>
  )
}

/** Followed by events, and asked for every two seconds while it goes on, since its log comes by no event. */
export function useJob(runId: string) {
  const [isFollowed, setIsFollowed] = useState(true)
  const reply = useReply(jobs.read, { params: { id: runId } }, isFollowed ? { everyMs: 2_000 } : {})
  const status = reply.data?.status
  const isOpen = status === undefined || !isOver({ status })
  useEffect(() => setIsFollowed(isOpen), [isOpen])
  return reply
}

function Stages({ run }: { readonly run: JobWithLog }) {
  const stages = stagesOf(run.kind)
  if (stages.length === 0 || run.status === 'failed' || run.status === 'cancelled') return null
  const isDone = run.status === 'completed' || run.status === 'completed_with_gaps'
  const active = isDone ? stages.length : stageIndex(run)
  return (
    <Stepper active={active} size="xs" iconSize={26} aria-label={`Stage: ${isDone ? 'done' : stageWords(run)}`}>
      {stages.map(({ words }) => (
        <Stepper.Step key={words} label={words} />
      ))}
    </Stepper>
  )
}

function Measured({ run }: { readonly run: JobWithLog }) {
  if (run.status !== 'in_progress') return null
  const facts = [
    run.doneBytes !== null &&
      (run.totalBytes === null ? printBytes(run.doneBytes) : `${printBytes(run.doneBytes)} of ${printBytes(run.totalBytes)}`),
    run.doneFiles !== null && counted(run.doneFiles, 'file'),
    run.bytesPerSecond !== null && `${printBytes(run.bytesPerSecond)}/s`,
    run.leftSeconds === null ? 'time left not known yet' : `about ${printDuration(run.leftSeconds * 1000)} left`,
  ].filter((fact) => fact !== false)
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={600}>
          {stageWords(run)}
        </Text>
        {run.percent !== null && <Text size="sm">{printWhole(Math.floor(run.percent))} %</Text>}
      </Group>
      {run.percent !== null && <Progress value={run.percent} size="lg" aria-label={stageWords(run)} />}
      <Text size="sm" c="dimmed" mt={4}>
        {facts.join(' · ')}
      </Text>
    </div>
  )
}

/** What is shown may be old, and the job knows nothing of that: it goes on where the service is. */
function ConnectionLost({ run }: { readonly run: JobWithLog }) {
  const state = useLiveState()
  if (state !== 'lost' || isOver(run)) return null
  return (
    <div role="alert">
      <Note tone="warning" title="The connection to the service is lost">
        What is shown was true {run.progressAt === null ? 'a moment ago' : <Ago at={run.progressAt} />}. The page tries again by itself; the
        job does not need this page, and goes on when its service does.
      </Note>
    </div>
  )
}

function printTook(from: string, to: string): string {
  return printDuration(new Date(to).getTime() - new Date(from).getTime())
}

function CancelJob({ run }: { readonly run: JobWithLog }) {
  const may = useMay()
  const cancel = useAct(jobs.cancel, ['jobs', 'backups', 'restores', 'drills'])
  const [isOpen, setIsOpen] = useState(false)
  if (isOver(run) || !may('jobs.cancel', run.tenantId)) return null
  if (run.cancelRequestedAt !== null)
    return <Text size="sm">Cancelled by {run.cancelRequestedBy}; it ends where nothing half-done is visible.</Text>
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconPlayerStop size={14} aria-hidden />} onClick={() => setIsOpen(true)}>
        Cancel
      </Button>
      <Confirm
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        title={`Cancel “${run.title}”?`}
        submit="Cancel it"
        dismiss="Let it go on"
        isBusy={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate({ params: { id: run.id }, body: {} }, { onSuccess: () => setIsOpen(false) })}
      >
        It ends where nothing half-done is visible. What was there before stays.
      </Confirm>
    </>
  )
}

/** The newest line stays in view unless somebody scrolls up. */
export function Log({ lines }: { readonly lines: JobWithLog['log'] }) {
  const box = useRef<HTMLPreElement>(null)
  const isAtEnd = useRef(true)
  useEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines])
  if (lines.length === 0) return null
  return (
    <pre
      className="log surface"
      ref={box}
      tabIndex={0}
      aria-label="Log"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24
      }}
    >
      {lines.map(({ seq, at, level, line }) => (
        <span key={seq} className={level === 'info' ? undefined : `tone-text tone-${level === 'error' ? 'bad' : 'warning'}`}>
          {at.slice(11, 19)} {level === 'info' ? '' : `${level.toUpperCase()} `}
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
