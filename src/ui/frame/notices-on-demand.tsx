import { useEffect, useState } from 'react'
import { onFirstNotification } from '#ui/notify.ts'
import { OnDemand } from './on-demand.tsx'

const load = async () => (await import('./notices.tsx')).Notices

export function NoticesOnDemand() {
  const [isWanted, setIsWanted] = useState(false)
  useEffect(() => onFirstNotification(() => setIsWanted(true)), [])
  return <OnDemand isWanted={isWanted} load={load} props={{}} />
}
