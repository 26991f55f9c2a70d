import { Page } from '#ui/parts/page.tsx'

export function People() {
  return <Page title="People and roles">PLACEHOLDER</Page>
}
