import { Page } from '#ui/parts/page.tsx'

export function RepositoryPage() {
  return <Page title="Repository">PLACEHOLDER</Page>
}
