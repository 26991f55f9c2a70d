import { Page } from '#ui/parts/page.tsx'

export function CompareBackups() {
  return <Page title="Compare two backups">PLACEHOLDER</Page>
}
