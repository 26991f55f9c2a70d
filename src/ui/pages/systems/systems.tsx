import { Page } from '#ui/parts/page.tsx'

export function Systems() {
  return <Page title="Systems">PLACEHOLDER</Page>
}
