import { Button } from '@mantine/core'
import { IconCompass } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Placeholder } from '#ui/parts/loaded.tsx'

export function NotFound() {
  return (
    <Placeholder
      icon={<IconCompass size={36} aria-hidden />}
      title="There is nothing at this address"
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>To the overview</Button>}
    >
      The link may be old, or what it led to may have been removed. The audit trail knows what was removed, when and by whom.
    </Placeholder>
  )
}
