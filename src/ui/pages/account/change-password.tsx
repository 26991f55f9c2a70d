import { Page } from '#ui/parts/page.tsx'

export function ChangePassword() {
  return <Page title="Change your password">PLACEHOLDER</Page>
}
