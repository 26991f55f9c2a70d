import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { audit } from '#contract/audit.ts'

interface ExportButtonProps {
  readonly from: string | undefined
  readonly to: string | undefined
}

/** Of the time that is filtered by, and nothing else: an export with events left out could not be verified. */
export function ExportButton({ from, to }: ExportButtonProps) {
  const query = new URLSearchParams({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) })
  const isPart = query.size > 0
  return (
    <Button
      component="a"
      href={`${audit.export.path}${isPart ? `?${query.toString()}` : ''}`}
      download
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {isPart ? 'Export this time' : 'Export all of it'}
    </Button>
  )
}
