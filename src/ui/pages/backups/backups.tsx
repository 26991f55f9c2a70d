import { Page } from '#ui/parts/page.tsx'

export function Backups() {
  return <Page title="Backups">PLACEHOLDER</Page>
}
