import { Page } from '#ui/parts/page.tsx'

export function Settings() {
  return <Page title="Settings">PLACEHOLDER</Page>
}
