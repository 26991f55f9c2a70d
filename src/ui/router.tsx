import { createRootRoute, createRoute, createRouter, lazyRouteComponent, type AnyRoute, type AnyRouter } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { Frame } from './frame/frame.tsx'
import { NotFound } from './frame/not-found.tsx'
import { PageFailed } from './frame/page-failed.tsx'
import { PageGate } from './frame/page-gate.tsx'
import { PageLoading } from './frame/page-loading.tsx'
import { openPages, pages, type PageEntry } from './pages.ts'
import { parseSearch, printSearch } from './search.ts'

export function makeRouter() {
  const root = createRootRoute({ notFoundComponent: NotFound })
  const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame })
  const routeTree = root.addChildren([
    ...openPages.map((page) => routeOf(page, root)),
    frame.addChildren(pages.map((page) => routeOf(page, frame))),
  ])
  return createRouter({
    routeTree,
    parseSearch,
    stringifySearch: printSearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: PageFailed,
    defaultPendingComponent: PageLoading,
    defaultPendingMs: 200,
  })
}

function routeOf(page: PageEntry, parent: AnyRoute): AnyRoute {
  const Content = lazyRouteComponent(async () => ({ Content: await page.load() }), 'Content') as ComponentType
  const component = () => (
    <PageGate page={page}>
      <Content />
    </PageGate>
  )
  return createRoute({ getParentRoute: () => parent, path: page.path, component })
}

// Routes are made from a list, so their addresses are checked where they are read (`search.ts`), not where they are written.
declare module '@tanstack/react-router' {
  interface Register {
    router: AnyRouter
  }
}
