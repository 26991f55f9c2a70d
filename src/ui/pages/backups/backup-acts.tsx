import { ActionIcon, Button, Menu } from '@mantine/core'
import {
  IconArrowBackUp,
  IconDotsVertical,
  IconDownload,
  IconGavel,
  IconListSearch,
  IconRestore,
  IconShieldCheck,
  IconTrash,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ListedBackupView } from '#contract/backups.ts'
import { PlaceHold } from '#ui/pages/holds/place-hold.tsx'
import { useMay } from '#ui/session.ts'
import { isReadable, isUnderWay } from './backup-words.ts'
import { DeleteBackup, UndeleteBackup } from './delete-backup.tsx'
import { DownloadArchive } from './download-archive.tsx'
import { VerifyBackup } from './verify-backup.tsx'

export type ActKind = 'verify' | 'download' | 'hold' | 'delete' | 'undelete'

export interface AskedAct {
  readonly kind: ActKind
  readonly backup: ListedBackupView
}

export interface Acts {
  readonly ask: (kind: ActKind, backup: ListedBackupView) => void
  readonly asked: AskedAct | undefined
  readonly end: () => void
}

export function useActs(): Acts {
  const [asked, setAsked] = useState<AskedAct>()
  return { ask: (kind, backup) => setAsked({ kind, backup }), asked, end: () => setAsked(undefined) }
}

/** The dialog of what was asked for, if anything was. */
export function ActDialogs({ acts: { asked, end } }: { readonly acts: Acts }) {
  if (!asked) return null
  const { kind, backup } = asked
  if (kind === 'verify') return <VerifyBackup backup={backup} onClose={end} />
  if (kind === 'download') return <DownloadArchive backup={backup} onClose={end} />
  if (kind === 'hold') return <PlaceHold backup={backup} onClose={end} />
  return kind === 'delete' ? <DeleteBackup backup={backup} onClose={end} /> : <UndeleteBackup backup={backup} onClose={end} />
}

/** What the reader may do with a backup as it is now. The service decides anew at each act. */
export function useOffered(): (backup: ListedBackupView) => Readonly<Record<ActKind | 'restore', boolean>> {
  const may = useMay()
  return (backup) => {
    const { tenantId, deletedAt, removedAt } = backup
    const isThere = isReadable(backup)
    return {
      restore: isThere && may('restores.preview', tenantId),
      verify: isThere && may('backups.verify', tenantId),
      download: isThere && may('backups.download', tenantId),
      hold: removedAt === null && !isUnderWay(backup) && may('holds.place', tenantId),
      delete: deletedAt === null && removedAt === null && !isUnderWay(backup) && may('backups.delete', tenantId),
      undelete: deletedAt !== null && removedAt === null && may('backups.delete', tenantId),
    }
  }
}

const kinds = [
  { kind: 'verify', words: 'Verify', Icon: IconShieldCheck },
  { kind: 'download', words: 'Download', Icon: IconDownload },
  { kind: 'hold', words: 'Hold', Icon: IconGavel },
  { kind: 'undelete', words: 'Take the deletion back', Icon: IconRestore },
  { kind: 'delete', words: 'Delete', Icon: IconTrash },
] as const satisfies readonly { kind: ActKind; words: string; Icon: unknown }[]

/** The quick actions of a row. */
export function ActMenu({ backup, acts }: { readonly backup: ListedBackupView; readonly acts: Acts }) {
  const offered = useOffered()(backup)
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${backup.name}`}>
          <IconDotsVertical size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconListSearch size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/backups/$id" params={{ id: backup.id }} {...props} />}
        >
          Details on a page
        </Menu.Item>
        {offered.restore && (
          <Menu.Item
            leftSection={<IconArrowBackUp size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/restore" search={{ backup: backup.id }} {...props} />}
          >
            Restore…
          </Menu.Item>
        )}
        {kinds
          .filter(({ kind }) => offered[kind])
          .map(({ kind, words, Icon }) => (
            <Menu.Item key={kind} leftSection={<Icon size={16} aria-hidden />} onClick={() => acts.ask(kind, backup)}>
              {words}…
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** The same on the details, one beside the other. */
export function ActButtons({ backup, acts }: { readonly backup: ListedBackupView; readonly acts: Acts }) {
  const offered = useOffered()(backup)
  return (
    <>
      {offered.restore && (
        <Button
          leftSection={<IconArrowBackUp size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/restore" search={{ backup: backup.id }} {...props} />}
        >
          Restore
        </Button>
      )}
      {kinds
        .filter(({ kind }) => offered[kind])
        .map(({ kind, words, Icon }) => (
          <Button key={kind} variant="default" leftSection={<Icon size={16} aria-hidden />} onClick={() => acts.ask(kind, backup)}>
            {words}
          </Button>
        ))}
    </>
  )
}
