import { Page } from '#ui/parts/page.tsx'

export function Retention() {
  return <Page title="Retention">PLACEHOLDER</Page>
}
