import { Page } from '#ui/parts/page.tsx'

export function Drills() {
  return <Page title="Drills">PLACEHOLDER</Page>
}
