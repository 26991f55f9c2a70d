import { PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { capitalized } from '#ui/words.ts'
import type { ScopePartProps } from './scope-props.ts'
import { chosenDatabases, chosenRoots } from './scope-order.ts'

/** Where each part goes that does not go back to where it came from. */
export function Places({ type, choice, change, parts, faults, own }: ScopePartProps) {
  const [databases, roots] = [chosenDatabases(choice, parts), chosenRoots(choice, parts)]
  const said = (path: string) => (faults[path] === undefined ? undefined : capitalized(faults[path]))
  return (
    <Stack gap="md">
      <Text size="sm">
        {choice.what === 'tables'
          ? 'The database must not be there yet: it is made.'
          : type === 'entity'
            ? 'None of them may be there yet: they are made.'
            : 'What is not there yet is made. What is there already would be replaced; the next step says which.'}
      </Text>
      {databases.map((name, index) => (
        <Stack gap="xs" key={name}>
          <Title order={3}>Database {name}</Title>
          <TextInput
            label={`URL of the database for ${name}`}
            description="postgresql://user@host:5432/name, without a password"
            required
            spellCheck={false}
            autoComplete="off"
            value={choice.urls[name] ?? ''}
            error={said(`databases.${index}.url`)}
            onChange={(event) => change({ urls: { ...choice.urls, [name]: event.currentTarget.value } })}
          />
          <PasswordInput
            label={`Password for ${name}`}
            description={
              own === null
                ? 'When that server asks for one.'
                : 'When it is another server than that of the system, and asks for one. It is kept sealed.'
            }
            autoComplete="off"
            maw={420}
            value={choice.passwords[name] ?? ''}
            onChange={(event) => change({ passwords: { ...choice.passwords, [name]: event.currentTarget.value } })}
          />
        </Stack>
      ))}
      {roots.map((name, index) => (
        <TextInput
          key={name}
          label={`Directory for the files ${name}`}
          description="On the machine of the service, as an absolute path"
          required
          spellCheck={false}
          autoComplete="off"
          value={choice.paths[name] ?? ''}
          error={said(`roots.${index}.path`)}
          onChange={(event) => change({ paths: { ...choice.paths, [name]: event.currentTarget.value } })}
        />
      ))}
    </Stack>
  )
}
