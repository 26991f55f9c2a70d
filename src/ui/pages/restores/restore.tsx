import { Page } from '#ui/parts/page.tsx'

export function RestorePage() {
  return <Page title="Restore">PLACEHOLDER</Page>
}
