import '@mantine/core/styles.css'
import '@mantine/dates/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './theme.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './call.ts'
import { speakPlainly } from './parts/issue-words.ts'
import { printInLight } from './on-paper.ts'
import { watchPresence } from './presence.ts'
import { NoticesOnDemand } from './frame/notices-on-demand.tsx'
import { makeRouter } from './router.tsx'
import { theme, variables } from './theme.ts'

printInLight()
speakPlainly()
watchPresence()

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <NoticesOnDemand />
        <RouterProvider router={makeRouter()} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
