import { Page } from '#ui/parts/page.tsx'

export function Alerts() {
  return <Page title="Alerts">PLACEHOLDER</Page>
}
