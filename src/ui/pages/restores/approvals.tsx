import { Page } from '#ui/parts/page.tsx'

export function Approvals() {
  return <Page title="Approvals">PLACEHOLDER</Page>
}
