import { Page } from '#ui/parts/page.tsx'

export function Storage() {
  return <Page title="Storage">PLACEHOLDER</Page>
}
