import { Button, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { backups } from '#contract/backups.ts'
import { repositories } from '#contract/repositories.ts'
import { schedules } from '#contract/schedules.ts'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { Authenticator } from '#ui/pages/account/authenticator.tsx'
import { CardSkeletons, Failed } from '#ui/parts/loaded.tsx'
import { Page } from '#ui/parts/page.tsx'
import { useMe } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { OneClickSchedules } from './one-click-schedules.tsx'
import { Step } from './step.tsx'
import { stepsDone, type FirstDay } from './first-day.ts'

/** What is left to do on the first day, read from what is there: it can be left and come back to. */
export function Welcome() {
  const one = { query: { pageSize: 1 } }
  const { data: person } = useMe()
  const [repository, system, backup, schedule] = [
    useReply(repositories.list, one),
    useReply(systems.list, one),
    useReply(backups.list, { query: { pageSize: 1, status: 'completed' } }),
    useReply(schedules.list, one),
  ]
  const failed = [repository, system, backup, schedule].find(({ error }) => error !== null)
  const isThere = person && repository.data && system.data && backup.data && schedule.data
  return (
    <Page
      title="First steps"
      lead="Until something has been backed up nothing is protected. Five steps, in this order; you can leave and come back."
    >
      {failed && <Failed error={failed.error} onRetry={() => void failed.refetch()} />}
      {!failed && !isThere && <CardSkeletons count={5} />}
      {isThere && (
        <Steps
          day={{
            isTotpEnrolled: person.isTotpEnrolled || !person.hasPassword,
            repositories: repository.data.total,
            systems: system.data.total,
            backups: backup.data.total,
            schedules: schedule.data.total,
          }}
        />
      )}
    </Page>
  )
}

function Steps({ day }: { readonly day: FirstDay }) {
  const { data: person } = useMe()
  const done = stepsDone(day)
  const next = done.indexOf(false)
  const step = (index: number) => ({ number: index + 1, isDone: done[index]!, isNext: index === next })
  return (
    <>
      <Text role="status" fw={650}>
        {next === -1 ? 'All five are done.' : `${done.filter(Boolean).length} of 5 done.`}
      </Text>
      <Step {...step(0)} title="Protect your account with an authenticator">
        {person && <Authenticator person={person} />}
      </Step>
      <RepositoryStep {...step(1)} day={day} />
      <SystemStep {...step(2)} day={day} />
      <BackupStep {...step(3)} day={day} />
      <Step {...step(4)} title="Let it happen by itself">
        <OneClickSchedules hasSchedules={day.schedules > 0} />
      </Step>
      {next === -1 && (
        <Group>
          <Button renderRoot={(props) => <Link to="/" {...props} />}>To the overview</Button>
          <Button variant="default" renderRoot={(props) => <Link to="/people" {...props} />}>
            Add your colleagues
          </Button>
          <Button variant="default" renderRoot={(props) => <Link to="/notifications" {...props} />}>
            Say where alerts go
          </Button>
        </Group>
      )}
    </>
  )
}

interface StepOfDay {
  readonly number: number
  readonly isDone: boolean
  readonly isNext: boolean
  readonly day: FirstDay
}

function RepositoryStep({ day: { repositories: count }, ...step }: StepOfDay) {
  return (
    <Step {...step} title="Add a repository, and save its recovery key">
      <Text size="sm">
        {count > 0
          ? `${counted(count, 'repository', 'repositories')} added.`
          : 'The place where backups rest, encrypted. Its recovery key is shown once: with it, everything can be brought back when this machine is gone; without it and the password, nothing.'}
      </Text>
      <Go to="/storage/new" isNext={step.isNext} label={count > 0 ? 'Add another' : 'Add a repository'} />
    </Step>
  )
}

function SystemStep({ day: { repositories: places, systems: count }, ...step }: StepOfDay) {
  return (
    <Step {...step} title="Connect your first system">
      <Text size="sm">
        {count > 0
          ? `${counted(count, 'system')} connected.`
          : 'An application with its database and its files. Everything it needs is tested before it is saved.'}
      </Text>
      {places > 0 ? (
        <Go to="/systems/new" isNext={step.isNext} label={count > 0 ? 'Connect another' : 'Connect a system'} />
      ) : (
        <Text size="sm" c="dimmed">
          Comes after step 2: a system needs a repository.
        </Text>
      )}
    </Step>
  )
}

function BackupStep({ day: { systems: applications, backups: count }, ...step }: StepOfDay) {
  return (
    <Step {...step} title="Make the first backup">
      <Text size="sm">
        {count > 0
          ? `${counted(count, 'backup')} completed.`
          : 'All of it, now. You see what is read, how much of it, and what it came to.'}
      </Text>
      {applications > 0 ? (
        <Go to="/backups/new" isNext={step.isNext} label={count > 0 ? 'Make another' : 'Back up now'} />
      ) : (
        <Text size="sm" c="dimmed">
          Comes after step 3: there is nothing to back up yet.
        </Text>
      )}
    </Step>
  )
}

interface GoProps {
  readonly to: string
  readonly label: string
  readonly isNext: boolean
}

function Go({ to, label, isNext }: GoProps) {
  return (
    <Group>
      <Button variant={isNext ? 'filled' : 'default'} renderRoot={(props) => <Link to={to} {...props} />}>
        {label}
      </Button>
    </Group>
  )
}
