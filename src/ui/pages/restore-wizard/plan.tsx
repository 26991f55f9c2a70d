import { Page } from '#ui/parts/page.tsx'

export function PlanPage() {
  return <Page title="Restore plan">PLACEHOLDER</Page>
}
