import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { z } from 'zod'

/** What a page shows, kept in its address, so that it can be sent to a colleague. Never anything of a patient. */
export function useSearchState<S extends z.ZodType<Record<string, unknown>>>(
  schema: S,
): readonly [z.output<S>, (change: Partial<z.input<S>>) => void] {
  const raw = useSearch({ strict: false })
  const navigate = useNavigate()
  const state = useMemo(() => {
    const parsed = schema.safeParse(raw)
    // An address that somebody wrote by hand may hold anything: then the page is shown as it is without.
    return parsed.success ? parsed.data : schema.parse({})
  }, [raw, schema])
  const change = useCallback(
    (part: Partial<z.input<S>>) =>
      void navigate({ to: '.', search: (before: Record<string, unknown>) => withoutEmpty({ ...before, ...part }), replace: true }),
    [navigate],
  )
  return [state, change]
}

function withoutEmpty(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== '' && value !== null))
}

/** `?page=2&status=failed`: plain text, as other tools write it. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search))
}

export function printSearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    if (typeof value === 'string' || typeof value === 'number') params.set(name, `${value}`)
  return params.size === 0 ? '' : `?${params.toString()}`
}
