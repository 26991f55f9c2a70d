import { Stack } from '@mantine/core'
import { TextSkeleton } from '#ui/parts/loaded.tsx'

export function PageLoading() {
  return (
    <Stack role="status" aria-busy="true" aria-label="The page is being fetched" maw={1360} mx="auto">
      <TextSkeleton lines={6} />
    </Stack>
  )
}
