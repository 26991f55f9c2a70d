import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { addressOf } from '#contract/client.ts'
import { records } from '#contract/records.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { useMay } from '#ui/session.ts'
import { isGone } from './records-names.tsx'

/** The whole comparison with its digest, for whoever reviews it away from here and may see rows. That it was taken stands in the trail. */
export function DownloadPlan({ plan }: { readonly plan: PlanView }) {
  const may = useMay()
  const mayLook = may('records.read', plan.tenantId) && plan.records !== null && plan.status === 'ready'
  const kept = useReply(records.change, { params: { id: plan.id } }, { isAsked: mayLook })
  if (!mayLook || !kept.data || isGone(kept.error)) return null
  return (
    <Button
      component="a"
      href={addressOf(records.document, { params: { id: plan.id } })}
      download
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      Download as JSON
    </Button>
  )
}
