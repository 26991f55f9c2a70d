import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import { systemClock } from '#base/clock.ts'
import { history } from '#contract/history.ts'
import { client } from '#ui/call.ts'
import type { History } from './history-points.ts'

export type HistoryOrder = z.input<typeof history.read.body>

export interface HistoryAnswer {
  readonly order: HistoryOrder
  readonly history: History
  /** When it was asked for. */
  readonly at: string
}

export interface HistoryReading {
  readonly answer: HistoryAnswer | undefined
  readonly error: Error | null
  /** What is being read, and since when. */
  readonly pending: { readonly order: HistoryOrder; readonly since: Date } | undefined
  /** `more`: of the same record, which stays on the page meanwhile. */
  readonly ask: (order: HistoryOrder, more?: 'more') => void
  readonly giveUp: () => void
}

/**
 * Asks for histories. The service reads every backup for one, in a process that ends when nobody waits any more. Neither the key nor the rows
 * outlive the page.
 */
export function useHistory(systemId: string): HistoryReading {
  const waiting = useRef<AbortController>(undefined)
  const [answer, setAnswer] = useState<HistoryAnswer>()
  const [pending, setPending] = useState<HistoryReading['pending']>()
  const act = useMutation({
    mutationKey: [history.read.name],
    gcTime: 0,
    mutationFn: ({ order, signal }: { readonly order: HistoryOrder; readonly signal: AbortSignal }) =>
      client.call(history.read, { params: { id: systemId }, body: order, signal }),
  })
  useEffect(() => () => waiting.current?.abort(), [])
  return {
    answer,
    error: act.error,
    pending: act.isPending ? pending : undefined,
    ask: (order, more) => {
      waiting.current?.abort()
      waiting.current = new AbortController()
      const since = systemClock.now()
      setPending({ order, since })
      if (more === undefined) setAnswer(undefined)
      const { signal } = waiting.current
      act.mutate({ order, signal }, { onSuccess: (read) => setAnswer({ order, history: read, at: since.toISOString() }) })
    },
    giveUp: () => {
      waiting.current?.abort()
      act.reset()
    },
  }
}
