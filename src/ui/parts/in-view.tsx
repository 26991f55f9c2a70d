import { Skeleton } from '@mantine/core'
import { useIntersection } from '@mantine/hooks'
import { Suspense, useEffect, useState, type ReactNode } from 'react'

interface InViewProps {
  /** Of what is to come, in pixels: so that nothing jumps. */
  readonly height: number
  readonly children: ReactNode
}

/** What stands far down is fetched, and asks, when it comes into view: whoever reads the top waits for nothing else. */
export function InView({ height, children }: InViewProps) {
  const { ref, entry } = useIntersection()
  const [wasSeen, setWasSeen] = useState(false)
  const isSeen = entry?.isIntersecting ?? false
  useEffect(() => {
    if (isSeen) setWasSeen(true)
  }, [isSeen])
  return (
    <div ref={ref} style={wasSeen ? undefined : { minHeight: height }}>
      {wasSeen && <Suspense fallback={<Skeleton height={height} />}>{children}</Suspense>}
    </div>
  )
}
