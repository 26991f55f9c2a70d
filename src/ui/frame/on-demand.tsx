import { useEffect, useState, type ComponentType, type ReactNode } from 'react'

/** A part that is fetched when it is first wanted, so that no first page waits for it. */
export function OnDemand<Props extends object>({
  isWanted,
  load,
  props,
  meanwhile,
}: {
  readonly isWanted: boolean
  readonly load: () => Promise<ComponentType<Props>>
  readonly props: Props
  readonly meanwhile?: ReactNode
}) {
  const [Part, setPart] = useState<ComponentType<Props>>()
  useEffect(() => {
    if (isWanted && Part === undefined) void load().then((loaded) => setPart(() => loaded))
  }, [isWanted, Part, load])
  return Part ? <Part {...props} /> : meanwhile
}
