import { Page } from '#ui/parts/page.tsx'

export function AddRepository() {
  return <Page title="Add a repository">PLACEHOLDER</Page>
}
