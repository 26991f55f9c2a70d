import { Anchor, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { signOut } from '#ui/frame/sign-out.ts'
import { Page, Section } from '#ui/parts/page.tsx'
import { useMe, type Person } from '#ui/session.ts'
import { EntryFrame } from '#ui/pages/entry/entry-frame.tsx'
import { OwnPassword } from './own-password.tsx'

/** Where whoever has a password that somebody else chose is led before anything else. */
export function ChangePassword() {
  const { data: person } = useMe()
  if (!person) return null
  return person.mustChangePassword ? <Forced person={person} /> : <Free person={person} />
}

function Forced({ person }: { readonly person: Person }) {
  const navigate = useNavigate()
  return (
    <EntryFrame title="Choose a password of your own">
      <Text size="sm" c="dimmed" mb="md">
        {person.title}, whoever made your account knows the present one. Everything else opens once it is yours alone.
      </Text>
      <OwnPassword name={person.name} onDone={() => void navigate({ to: '/', replace: true })} />
      <Anchor component="button" type="button" size="sm" mt="md" onClick={() => void signOut()}>
        Sign out instead
      </Anchor>
    </EntryFrame>
  )
}

function Free({ person }: { readonly person: Person }) {
  const navigate = useNavigate()
  return (
    <Page title="Change your password" trail={[{ title: 'Your account', to: '/account' }]} lead="Your other sessions end.">
      <Section>
        <OwnPassword
          name={person.name}
          onDone={() => void navigate({ to: '/account' })}
          onCancel={() => void navigate({ to: '/account' })}
        />
      </Section>
    </Page>
  )
}
