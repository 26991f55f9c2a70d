import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconBuilding } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { z } from 'zod'
import type { ReplyOf } from '#contract/endpoint.ts'
import { pageQuery } from '#contract/shapes.ts'
import { tenants } from '#contract/tenants.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { errorOf, takeRefusal, useContractForm } from '#ui/parts/form.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { AddOrganization } from './add-organization.tsx'

type Organization = ReplyOf<typeof tenants.details>
/** What is being done to which one. */
type Open = { readonly act: 'rename' | 'retire'; readonly of: Organization }

const searchSchema = z.object({ ...pageQuery, retired: z.enum(['true', 'false']).optional() })

const columns: readonly Column<Organization>[] = [
  { id: 'title', title: 'Organization', cell: ({ title }) => title },
  { id: 'name', title: 'Short name', cell: ({ name }) => <code>{name}</code> },
  {
    id: 'state',
    title: 'State',
    cell: ({ retiredAt }) => (retiredAt === null ? <Badge tone="good">Open</Badge> : <Badge tone="neutral">Retired</Badge>),
  },
  { id: 'at', title: 'Made', cell: ({ createdAt }) => <Instant at={createdAt} /> },
  { id: 'retired', title: 'Retired', cell: ({ retiredAt }) => <Instant at={retiredAt} />, isHidden: true },
]

export function Organizations() {
  const [{ page, pageSize, retired = 'false' }, change] = useSearchState(searchSchema)
  const reply = useReply(tenants.list, { query: { page, pageSize, retired } })
  const mayWrite = useMay()('tenants.write')
  const [isAdding, setIsAdding] = useState(false)
  const [open, setOpen] = useState<Open>()
  const shown = useMemo(() => (mayWrite ? [...columns, actionsColumn(setOpen)] : columns), [mayWrite])
  const close = () => setOpen(undefined)
  return (
    <Page
      title="Organizations"
      lead="Each has its own systems, repositories, backups and people. Nothing of one is seen from another."
      actions={mayWrite && <Button onClick={() => setIsAdding(true)}>Add an organization</Button>}
    >
      <Section>
        <Group mb="sm">
          <Checkbox
            label="Retired ones too"
            checked={retired === 'true'}
            onChange={(event) => change({ retired: event.currentTarget.checked ? 'true' : 'false', page: 1 })}
          />
        </Group>
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton rows={3} />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder icon={<IconBuilding size={36} aria-hidden />} title="No organizations">
              Add one: systems and people belong to an organization.
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Organizations"
              noun="organization"
              columns={shown}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              isOld={reply.isPlaceholderData}
            />
          )}
        </Loaded>
      </Section>
      <AddOrganization isOpen={isAdding} onClose={() => setIsAdding(false)} />
      <Modal opened={open?.act === 'rename'} onClose={close} title={<Text fw={650}>Rename an organization</Text>}>
        {open?.act === 'rename' && <Rename of={open.of} onClose={close} />}
      </Modal>
      <Retire of={open?.act === 'retire' ? open.of : undefined} onClose={close} />
    </Page>
  )
}

function actionsColumn(onOpen: (open: Open) => void): Column<Organization> {
  return { id: 'actions', title: 'Actions', cell: (of) => <Actions of={of} onOpen={onOpen} /> }
}

function Actions({ of, onOpen }: { readonly of: Organization; readonly onOpen: (open: Open) => void }) {
  if (of.retiredAt !== null) return null
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" aria-label={`Rename ${of.title}`} onClick={() => onOpen({ act: 'rename', of })}>
        Rename
      </Button>
      <Button size="xs" variant="default" aria-label={`Retire ${of.title}`} onClick={() => onOpen({ act: 'retire', of })}>
        Retire
      </Button>
    </Group>
  )
}

function Rename({ of, onClose }: { readonly of: Organization; readonly onClose: () => void }) {
  const form = useContractForm(tenants.edit.body, { title: of.title })
  const act = useAct(tenants.edit, ['tenants', 'me'])
  const submit = form.handleSubmit((body) =>
    act.mutate({ params: { id: of.id }, body }, { onSuccess: onClose, onError: (error) => void takeRefusal(form, error) }),
  )
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <TextInput
          label="Name"
          description={`The short name, ${of.name}, stays.`}
          required
          data-autofocus
          {...form.register('title')}
          error={errorOf(form, 'title')}
        />
        <Refusal error={act.error} />
        <FormButtons submit="Save" isBusy={act.isPending} onCancel={onClose} />
      </Stack>
    </form>
  )
}

function Retire({ of, onClose }: { readonly of: Organization | undefined; readonly onClose: () => void }) {
  const act = useAct(tenants.retire, ['tenants', 'me', 'people'])
  return (
    <Confirm
      isOpen={of !== undefined}
      onClose={() => {
        act.reset()
        onClose()
      }}
      title={`Retire ${of?.title ?? ''}?`}
      {...(of && { typed: of.name })}
      asksReason
      submit="Retire it for good"
      isBusy={act.isPending}
      error={act.error}
      onConfirm={({ reason }) => of && act.mutate({ params: { id: of.id }, body: { reason } }, { onSuccess: onClose })}
    >
      <Text size="sm">
        It cannot be taken back. Roles in it count no more, and nothing new is made in it. An organization that still has systems is not
        retired: retire those first. Its backups and its audit trail stay.
      </Text>
    </Confirm>
  )
}
