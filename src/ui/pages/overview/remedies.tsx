import { Button, Group, Stack } from '@mantine/core'
import { IconArchive, IconArrowRight, IconClipboardCheck, IconShieldCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { backups, type BackupType } from '#contract/backups.ts'
import { drills } from '#contract/drills.ts'
import type { SystemHealth } from '#contract/health.ts'
import type { Permission } from '#contract/permissions.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { useMay } from '#ui/session.ts'
import { keyOf, type Remedy } from './verdict.ts'

const changes = ['jobs', 'backups', 'health', 'drills']

/** The buttons that do what would help, as far as the reader may. What was begun appears under Activity. */
export function Remedies({ system, remedies }: { readonly system: SystemHealth; readonly remedies: readonly Remedy[] }) {
  const may = useMay()
  const shown = remedies.filter((remedy) => may(permissionOf(remedy), system.tenantId))
  if (shown.length === 0) return null
  return (
    <Group gap="xs" my="sm" align="flex-start" className="no-print" role="group" aria-label={`What to do about ${system.title}`}>
      {shown.map((remedy) => (
        <RemedyButton key={keyOf(remedy)} system={system} remedy={remedy} />
      ))}
    </Group>
  )
}

function permissionOf(remedy: Remedy): Permission {
  switch (remedy.kind) {
    case 'back-up':
      return 'backups.create'
    case 'verify':
      return 'backups.verify'
    case 'drill':
      return 'drills.run'
    case 'go':
      return remedy.permission
  }
}

function RemedyButton({ system, remedy }: { readonly system: SystemHealth; readonly remedy: Remedy }) {
  switch (remedy.kind) {
    case 'back-up':
      return <BackUp system={system} type={remedy.type} />
    case 'verify':
      return <Verify system={system} backupId={remedy.backupId} />
    case 'drill':
      return <Drill system={system} backupId={remedy.backupId} />
    case 'go':
      return (
        <Button
          variant="default"
          rightSection={<IconArrowRight size={16} aria-hidden />}
          renderRoot={(props) => <Link to={remedy.to} {...props} />}
        >
          {remedy.words}
        </Button>
      )
  }
}

function BackUp({ system, type }: { readonly system: SystemHealth; readonly type: BackupType }) {
  const act = useAct(backups.create, changes)
  return (
    <Begin
      words="Back up now"
      about={system.title}
      icon={<IconArchive size={16} aria-hidden />}
      isPrimary
      isBusy={act.isPending}
      error={act.error}
      onClick={() => act.mutate({ body: { systemId: system.id, type } }, { onSuccess: begun('A backup has begun', system) })}
    />
  )
}

interface OfBackup {
  readonly system: SystemHealth
  readonly backupId: string
}

function Verify({ system, backupId }: OfBackup) {
  const act = useAct(backups.verify, changes)
  return (
    <Begin
      words="Verify the newest backup"
      about={system.title}
      icon={<IconShieldCheck size={16} aria-hidden />}
      isBusy={act.isPending}
      error={act.error}
      onClick={() => act.mutate({ params: { id: backupId }, body: {} }, { onSuccess: begun('The backup is being read back', system) })}
    />
  )
}

function Drill({ system, backupId }: OfBackup) {
  const act = useAct(drills.start, changes)
  return (
    <Begin
      words="Run a recovery drill"
      about={system.title}
      icon={<IconClipboardCheck size={16} aria-hidden />}
      isBusy={act.isPending}
      error={act.error}
      onClick={() => act.mutate({ body: { backupId } }, { onSuccess: begun('A recovery drill has begun', system) })}
    />
  )
}

function begun(title: string, system: SystemHealth): () => void {
  return () => notify({ tone: 'busy', title, message: `${system.title}: see Activity for how it goes.` })
}

interface BeginProps {
  readonly words: string
  /** For people who hear one button after the other. */
  readonly about: string
  readonly icon: ReactNode
  readonly isPrimary?: boolean
  readonly isBusy: boolean
  readonly error: unknown
  readonly onClick: () => void
}

function Begin({ words, about, icon, isPrimary = false, isBusy, error, onClick }: BeginProps) {
  return (
    <Stack gap="xs">
      <Button
        variant={isPrimary ? 'filled' : 'default'}
        leftSection={icon}
        loading={isBusy}
        aria-label={`${words}: ${about}`}
        style={{ alignSelf: 'flex-start' }}
        onClick={onClick}
      >
        {words}
      </Button>
      <Refusal error={error} />
    </Stack>
  )
}
