import { Button } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useParams } from '@tanstack/react-router'
import { restores } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Page } from '#ui/parts/page.tsx'
import { RestoreBody } from './restore-body.tsx'
import { whatWords } from './restore-state.ts'

export function RestorePage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const { data } = useReply(restores.details, { params: { id } })
  return (
    <Page
      title={data?.id === id ? `${whatWords(data)} of ${data.systemName}` : 'Restore'}
      trail={[{ title: 'Restore history', to: '/restores' }]}
      actions={
        <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
          Print
        </Button>
      }
    >
      <RestoreBody id={id} />
    </Page>
  )
}
