import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { people, type Person } from '#contract/people.ts'
import { useAct } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Section } from '#ui/parts/page.tsx'
import { roleWords } from '#ui/roles.ts'
import { useMay } from '#ui/session.ts'
import { everywhere, usePlaceChoices, usePlaces } from './places.ts'
import { RoleFields, type RoleOrder } from './role-fields.tsx'

type Grant = Person['grants'][number]

export function PersonRoles({ person }: { readonly person: Person }) {
  const [isGiving, setIsGiving] = useState(false)
  const [taken, setTaken] = useState<Grant>()
  const placeOf = usePlaces()
  const may = useMay()
  const mayChange = may('people.write') && person.retiredAt === null
  return (
    <Section
      title="Roles"
      actions={
        mayChange && (
          <Button variant="default" onClick={() => setIsGiving(true)}>
            Give a role
          </Button>
        )
      }
    >
      <Stack gap="md">
        {person.grants.length === 0 && (
          <Text size="sm">{person.hasFurtherRoles ? 'None in your organizations.' : 'None: may sign in, and do nothing.'}</Text>
        )}
        {person.grants.map((grant) => (
          <Group key={grant.id} justify="space-between" wrap="nowrap" align="flex-start">
            <div>
              <Text size="sm" fw={650}>
                {roleWords[grant.role].title}, {placeOf(grant.tenantId)}
              </Text>
              <Text size="sm" c="dimmed">
                {roleWords[grant.role].may}
              </Text>
            </div>
            {mayChange && (
              <Button
                size="xs"
                variant="default"
                style={{ flexShrink: 0 }}
                aria-label={`Take back: ${roleWords[grant.role].title}`}
                onClick={() => setTaken(grant)}
              >
                Take back
              </Button>
            )}
          </Group>
        ))}
      </Stack>
      <Modal opened={isGiving} onClose={() => setIsGiving(false)} title={<Text fw={650}>Give {person.title} a role</Text>} size="lg">
        {isGiving && <GiveRole person={person} onClose={() => setIsGiving(false)} />}
      </Modal>
      <TakeBack person={person} grant={taken} onClose={() => setTaken(undefined)} />
    </Section>
  )
}

function GiveRole({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const [place] = usePlaceChoices()
  const [order, setOrder] = useState<RoleOrder>({
    role: 'VIEWER',
    tenantId: place === undefined || place.value === everywhere ? null : place.value,
  })
  const act = useAct(people.grant, ['people', 'me'])
  const isHeld = person.grants.some(({ role, tenantId }) => role === order.role && tenantId === order.tenantId)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate({ params: { id: person.id }, body: order }, { onSuccess: onClose })
      }}
    >
      <Stack gap="sm">
        <RoleFields value={order} onChange={setOrder} />
        {isHeld && <Text size="sm">{person.title} has that role there already.</Text>}
        <Refusal error={act.error} />
        <FormButtons submit="Give it" isBusy={act.isPending} isDisabled={isHeld} onCancel={onClose} />
      </Stack>
    </form>
  )
}

interface TakeBackProps {
  readonly person: Person
  readonly grant: Grant | undefined
  readonly onClose: () => void
}

function TakeBack({ person, grant, onClose }: TakeBackProps) {
  const act = useAct(people.revoke, ['people', 'me'])
  const placeOf = usePlaces()
  return (
    <Confirm
      isOpen={grant !== undefined}
      onClose={onClose}
      title={`Take a role back from ${person.title}?`}
      submit="Take it back"
      isBusy={act.isPending}
      error={act.error}
      onConfirm={() => grant && act.mutate({ params: { id: person.id, grantId: grant.id } }, { onSuccess: onClose })}
    >
      {grant && (
        <Text size="sm">
          {roleWords[grant.role].title} in {placeOf(grant.tenantId)}. It counts no more from the next request on, in open sessions and for
          keys too.
          {person.grants.length === 1 && ' It is the last one you see: they may do nothing there afterwards.'}
        </Text>
      )}
    </Confirm>
  )
}
