import { Page } from '#ui/parts/page.tsx'

export function Schedules() {
  return <Page title="Schedules">PLACEHOLDER</Page>
}
