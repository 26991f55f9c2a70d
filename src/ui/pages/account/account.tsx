import { Page } from '#ui/parts/page.tsx'

export function AccountPage() {
  return <Page title="Your account">PLACEHOLDER</Page>
}
