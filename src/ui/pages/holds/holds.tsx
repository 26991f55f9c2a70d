import { Page } from '#ui/parts/page.tsx'

export function Holds() {
  return <Page title="Legal holds">PLACEHOLDER</Page>
}
