import { Page } from '#ui/parts/page.tsx'

export function SystemPage() {
  return <Page title="System">PLACEHOLDER</Page>
}
