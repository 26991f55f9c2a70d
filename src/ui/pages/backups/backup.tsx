import { Page } from '#ui/parts/page.tsx'

export function BackupPage() {
  return <Page title="Backup">PLACEHOLDER</Page>
}
