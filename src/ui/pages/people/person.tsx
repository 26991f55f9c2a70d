import { Page } from '#ui/parts/page.tsx'

export function PersonPage() {
  return <Page title="Account">PLACEHOLDER</Page>
}
