import { Page } from '#ui/parts/page.tsx'

export function BackupWizard() {
  return <Page title="Back up now">PLACEHOLDER</Page>
}
