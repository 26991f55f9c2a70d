import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { health, type SystemHealth } from '#contract/health.ts'
import { useReply } from '#ui/call.ts'
import { printMinutes } from '#ui/instants.ts'
import { Figure } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { capitalized, counted, protectionWords, wordingOf } from '#ui/words.ts'

/** Whether it could be brought back today, why not, and what was promised beside what was achieved. */
export function ProtectionSection({ systemId }: { readonly systemId: string }) {
  const reply = useReply(health.system, { params: { id: systemId } })
  return (
    <Loaded reply={reply} skeleton={<CardSkeletons count={1} height={240} />}>
      {(state) => (
        <Section
          title="Could it be brought back today?"
          actions={<Badge tone={protectionWords[state.state].tone}>{protectionWords[state.state].words}</Badge>}
        >
          <Stack gap="md">
            {state.reasons.length === 0 ? (
              <Text>Every source has a good backup that is young enough, and nothing speaks against it.</Text>
            ) : (
              state.reasons.map(({ fact, hint, state: to }) => (
                <Note key={fact} tone={protectionWords[to].tone} title={capitalized(fact)}>
                  <Text size="sm">{hint}</Text>
                </Note>
              ))
            )}
            <Objectives state={state} />
            {state.captures
              .filter(({ snapshotSeconds }) => snapshotSeconds !== null)
              .map(({ database, snapshotSeconds }) => (
                <Text size="sm" key={database}>
                  A capture holds database {database} back from cleaning up (VACUUM) since {printMinutes(snapshotSeconds! / 60)}.
                </Text>
              ))}
          </Stack>
        </Section>
      )}
    </Loaded>
  )
}

function Objectives({ state }: { readonly state: SystemHealth }) {
  const { rpo, lastBackup } = state
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Figure
        label="Data that would be lost now (RPO)"
        value={rpo.achievedMinutes === null ? 'all of it' : printMinutes(rpo.achievedMinutes)}
        note={
          rpo.objectiveMinutes === null
            ? `no objective stated; ${printMinutes(rpo.limitMinutes)} is the limit`
            : `objective ${printMinutes(rpo.objectiveMinutes)}: ${metWords(rpo.achievedMinutes, rpo.objectiveMinutes)}`
        }
      />
      <RestoreTime rto={state.rto} />
      <Figure
        label="Last backup"
        value={<Ago at={lastBackup?.at} absent="none" />}
        note={
          lastBackup ? (
            <>
              {wordingOf(lastBackup.status).words},{' '}
              <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: lastBackup.id }} {...props} />}>
                {lastBackup.name}
              </Anchor>
            </>
          ) : (
            'make one now'
          )
        }
      />
      <Proven state={state} />
    </SimpleGrid>
  )
}

function RestoreTime({ rto }: Pick<SystemHealth, 'rto'>) {
  const { objectiveMinutes, achievedMinutes, projectedMinutes, measuredBy, measuredAt } = rto
  return (
    <Figure
      label="Time a restore takes (RTO)"
      value={achievedMinutes === null ? 'not measured yet' : printMinutes(achievedMinutes)}
      note={
        <>
          {objectiveMinutes === null
            ? 'no objective stated'
            : `objective ${printMinutes(objectiveMinutes)}: ${metWords(projectedMinutes ?? achievedMinutes, objectiveMinutes)}`}
          {measuredBy !== null && (
            <>
              ; by the last {measuredBy}, <Ago at={measuredAt} />
            </>
          )}
          {projectedMinutes !== null && <>; at today’s size {printMinutes(projectedMinutes)}</>}
        </>
      }
    />
  )
}

function Proven({ state: { lastProvenAt, chain, openAlerts, undoUntil } }: { readonly state: SystemHealth }) {
  const all = chain.unverified + chain.intact + chain.proven + chain.failed
  return (
    <Figure
      label="Last proven restorable"
      value={<Ago at={lastProvenAt} absent="never" />}
      note={
        <>
          {chain.proven + chain.intact} of {counted(all, 'backup')} read back or proven
          {chain.failed > 0 && `, ${chain.failed} damaged`}
          {chain.missing > 0 && `, ${chain.missing} missing`}
          {openAlerts > 0 && (
            <>
              ; <Anchor renderRoot={(props) => <Link to="/alerts" {...props} />}>{counted(openAlerts, 'open alert')}</Anchor>
            </>
          )}
          {undoUntil !== null && (
            <>
              ; the last restore can be undone until <Instant at={undoUntil} />
            </>
          )}
        </>
      }
    />
  )
}

function metWords(achieved: number | null, objective: number): string {
  if (achieved === null) return 'not measured yet'
  return achieved <= objective ? 'met' : 'MISSED'
}
