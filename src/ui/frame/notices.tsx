import { Notifications, notifications } from '@mantine/notifications'
import { useEffect } from 'react'
import { showBy } from '#ui/notify.ts'
import { toneClass, ToneIcon } from '#ui/parts/tone.tsx'

export function Notices() {
  useEffect(() => {
    showBy(({ tone, title, message }) => {
      notifications.show({
        title,
        message,
        icon: <ToneIcon tone={tone} size={22} />,
        color: 'transparent',
        className: toneClass(tone),
        closeButtonProps: { 'aria-label': 'Close the message' },
        // Mantine's own grey is too pale to be read by everybody.
        styles: { description: { color: 'var(--mantine-color-dimmed)' } },
      })
    })
  }, [])
  return <Notifications position="top-right" autoClose={6_000} />
}
