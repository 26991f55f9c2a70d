import { Page } from '#ui/parts/page.tsx'

export function Audit() {
  return <Page title="Audit trail">PLACEHOLDER</Page>
}
