import { Page } from '#ui/parts/page.tsx'

export function Welcome() {
  return <Page title="First steps">PLACEHOLDER</Page>
}
