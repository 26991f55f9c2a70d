import { Page } from '#ui/parts/page.tsx'

export function DrillPage() {
  return <Page title="Drill">PLACEHOLDER</Page>
}
