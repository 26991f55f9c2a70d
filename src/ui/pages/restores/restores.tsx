import { Page } from '#ui/parts/page.tsx'

export function Restores() {
  return <Page title="Restore history">PLACEHOLDER</Page>
}
