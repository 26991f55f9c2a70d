import { Page } from '#ui/parts/page.tsx'

export function SchedulePage() {
  return <Page title="Schedule">PLACEHOLDER</Page>
}
