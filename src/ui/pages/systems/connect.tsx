import { Page } from '#ui/parts/page.tsx'

export function ConnectSystem() {
  return <Page title="Connect a system">PLACEHOLDER</Page>
}
