import { Page } from '#ui/parts/page.tsx'

export function Organizations() {
  return <Page title="Organizations">PLACEHOLDER</Page>
}
