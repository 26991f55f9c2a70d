import { Stack, Tabs } from '@mantine/core'
import type { ReactNode } from 'react'
import type { BackupDetailsView } from '#contract/backups.ts'
import { Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { BackupFiles } from './backup-files.tsx'
import { BackupOverview } from './backup-overview.tsx'
import { BackupProofs } from './backup-proofs.tsx'
import { BackupSizes } from './backup-sizes.tsx'
import { BackupSources } from './backup-sources.tsx'
import { BackupTables } from './backup-tables.tsx'
import { BackupTrail } from './backup-trail.tsx'
import type { DetailsTab } from './backups-search.ts'

interface Part {
  readonly tab: DetailsTab
  readonly title: string
  readonly content: ReactNode
}

function usePartsOf(backup: BackupDetailsView): readonly Part[] {
  const may = useMay()
  const { manifest } = backup
  return [
    { tab: 'overview', title: 'Overview', content: <BackupOverview backup={backup} /> },
    ...(manifest === null
      ? []
      : ([
          { tab: 'sources', title: 'Sources', content: <BackupSources manifest={manifest} /> },
          {
            tab: 'tables',
            title: 'Tables',
            content: <BackupTables id={backup.id} databases={manifest.databases.map(({ name }) => name)} />,
          },
          { tab: 'files', title: 'Files', content: <BackupFiles backup={backup} /> },
          { tab: 'sizes', title: 'Sizes', content: <BackupSizes backup={backup} /> },
        ] as const)),
    { tab: 'proofs', title: 'Proofs', content: <BackupProofs backup={backup} /> },
    ...(may('audit.read', backup.tenantId)
      ? ([{ tab: 'trail', title: 'Who touched it', content: <BackupTrail id={backup.id} /> }] as const)
      : []),
  ]
}

interface DetailsTabsProps {
  readonly backup: BackupDetailsView
  readonly tab: DetailsTab | undefined
  readonly onTab: (tab: DetailsTab) => void
}

/** Beside the list: one part at a time. */
export function DetailsTabs({ backup, tab = 'overview', onTab }: DetailsTabsProps) {
  const parts = usePartsOf(backup)
  const shown = parts.find((part) => part.tab === tab) ?? parts[0]!
  return (
    <Tabs value={shown.tab} onChange={(value) => onTab(parts.find((part) => part.tab === value)?.tab ?? 'overview')} keepMounted={false}>
      <Tabs.List mb="md">
        {parts.map((part) => (
          <Tabs.Tab key={part.tab} value={part.tab}>
            {part.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {parts.map((part) => (
        <Tabs.Panel key={part.tab} value={part.tab}>
          {part.content}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

/** On a page of its own: all parts, one below the other, as they are printed. */
export function DetailsSections({ backup }: { readonly backup: BackupDetailsView }) {
  return (
    <Stack gap="lg">
      {usePartsOf(backup).map(({ tab, title, content }) => (
        <Section key={tab} title={title}>
          {content}
        </Section>
      ))}
    </Stack>
  )
}
