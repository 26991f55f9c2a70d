import { Button } from '@mantine/core'
import { IconArchive, IconPencil } from '@tabler/icons-react'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { systems, type SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { EditSystem } from './edit-system.tsx'
import { HistorySection } from './history-section.tsx'
import { MasksSection } from './masks-section.tsx'
import { PoliciesSection } from './policies-section.tsx'
import { ProtectionSection } from './protection-section.tsx'
import { RecordModelSection } from './record-model.tsx'
import { RetireSystem } from './retire-system.tsx'
import { FactsSection, SourcesSection } from './sources-section.tsx'
import { TestSection } from './test-section.tsx'

const searchSchema = z.object({ edit: z.enum(['true']).optional() })
const trail = [{ title: 'Systems', to: '/systems' }]

export function SystemPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const [{ edit }, change] = useSearchState(searchSchema)
  const reply = useReply(systems.details, { params: { id } })
  return (
    <Loaded
      reply={reply}
      skeleton={
        <Page title="System" trail={trail}>
          <CardSkeletons />
        </Page>
      }
    >
      {(system) =>
        edit === 'true' ? (
          <EditSystem system={system} onClose={() => change({ edit: undefined })} />
        ) : (
          <Shown system={system} onEdit={() => change({ edit: 'true' })} />
        )
      }
    </Loaded>
  )
}

function Shown({ system, onEdit }: { readonly system: SystemView; readonly onEdit: () => void }) {
  const isRetired = system.retiredAt !== null
  return (
    <Page
      title={system.title}
      lead={system.description === '' ? system.name : system.description}
      trail={trail}
      actions={!isRetired && <Actions system={system} onEdit={onEdit} />}
    >
      {isRetired && (
        <Note tone="neutral" title="This system is retired">
          It is backed up no more. Its backups stay, and can be restored.
        </Note>
      )}
      {!isRetired && <ProtectionSection systemId={system.id} />}
      <SourcesSection system={system} />
      <HistorySection systemId={system.id} />
      {!isRetired && <TestSection system={system} />}
      {(isRetired || system.databases.length > 0) && <RecordModelSection system={system} />}
      {!isRetired && system.databases.length > 0 && <MasksSection system={system} />}
      {!isRetired && <PoliciesSection system={system} />}
      <FactsSection system={system} />
    </Page>
  )
}

function Actions({ system, onEdit }: { readonly system: SystemView; readonly onEdit: () => void }) {
  const { id, tenantId } = system
  const may = useMay()
  const [isRetiring, setIsRetiring] = useState(false)
  return (
    <>
      {may('backups.create', tenantId) && (
        <Button
          leftSection={<IconArchive size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/backups/new" search={{ system: id }} {...props} />}
        >
          Back up now
        </Button>
      )}
      {may('systems.write', tenantId) && (
        <>
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={onEdit}>
            Edit
          </Button>
          <Button variant="default" onClick={() => setIsRetiring(true)}>
            Retire
          </Button>
          <RetireSystem system={system} isOpen={isRetiring} onClose={() => setIsRetiring(false)} />
        </>
      )}
    </>
  )
}
