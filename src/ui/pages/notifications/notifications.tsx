import { Page } from '#ui/parts/page.tsx'

export function NotificationsPage() {
  return <Page title="Notifications">PLACEHOLDER</Page>
}
