import { Page } from '#ui/parts/page.tsx'

export function RestoreWizard() {
  return <Page title="Restore">PLACEHOLDER</Page>
}
