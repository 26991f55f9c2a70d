import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconCompass, IconLock, IconRefresh } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { RemoteFault } from '#contract/client.ts'
import { toldOf } from '#ui/words.ts'
import { Note } from './tone.tsx'

interface LoadedProps<T> {
  readonly reply: UseQueryResult<T>
  /** What stands there until the answer comes, of about its size. */
  readonly skeleton?: ReactNode
  /** Said when there is nothing, with what to do first. */
  readonly empty?: ReactNode
  readonly isEmpty?: (data: T) => boolean
  readonly children: (data: T) => ReactNode
}

/** Every state of a question that was asked: waiting, denied, failed, nothing there, and the answer. */
export function Loaded<T>({ reply, skeleton = <TextSkeleton />, empty, isEmpty, children }: LoadedProps<T>) {
  const { data, error, isPending, refetch } = reply
  if (data !== undefined && !isDenied(error)) {
    if (empty !== undefined && isEmpty?.(data)) return empty
    // An answer that could not be renewed is still shown; the header says that the connection is lost.
    return children(data)
  }
  if (isDenied(error)) return <Denied fact={toldOf(error).fact} />
  if (error instanceof RemoteFault && error.status === 404) return <Missing fact={toldOf(error).fact} />
  if (error) return <Failed error={error} onRetry={() => void refetch()} />
  return isPending ? <div aria-busy="true">{skeleton}</div> : null
}

function isDenied(error: Error | null): boolean {
  return error instanceof RemoteFault && error.status === 403
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { fact, hint, code } = toldOf(error)
  return (
    <Note tone="bad" title={fact}>
      <Text size="sm">{hint}</Text>
      <Group mt="xs" gap="md">
        {onRetry && (
          <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
            Try again
          </Button>
        )}
        <Text size="xs" component="code">
          {code}
        </Text>
      </Group>
    </Note>
  )
}

export function Denied({ fact }: { readonly fact: string }) {
  return (
    <Placeholder icon={<IconLock size={36} aria-hidden />} title="Not for your role">
      {fact}. Ask an administrator if you need it; the attempt is in the audit trail.
    </Placeholder>
  )
}

/** Of another organization, or gone: which of both is told to nobody. */
export function Missing({ fact }: { readonly fact: string }) {
  return (
    <Placeholder icon={<IconCompass size={36} aria-hidden />} title="Not found">
      {fact}. The link may be old, what it led to may have been removed, or it belongs to an organization in which you have no role.
    </Placeholder>
  )
}

interface PlaceholderProps {
  readonly icon?: ReactNode
  readonly title: string
  readonly children?: ReactNode
  /** What to do first. */
  readonly action?: ReactNode
}

/** In place of content: nothing here yet, or not for this reader. */
export function Placeholder({ icon, title, children, action }: PlaceholderProps) {
  return (
    <Stack align="center" ta="center" py={48} px="md" gap="xs">
      {icon}
      <Title order={2}>{title}</Title>
      <Text c="dimmed" maw={520}>
        {children}
      </Text>
      {action}
    </Stack>
  )
}

export function TextSkeleton({ lines = 4 }: { readonly lines?: number }) {
  return (
    <Stack gap="sm" py="xs">
      {Array.from({ length: lines }, (_none, line) => (
        <Skeleton key={line} height={14} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  )
}

export function CardSkeletons({ count = 3, height = 120 }: { readonly count?: number; readonly height?: number }) {
  return (
    <Stack gap="md">
      {Array.from({ length: count }, (_none, card) => (
        <Skeleton key={card} height={height} radius="md" />
      ))}
    </Stack>
  )
}
