import {
  MutationCache,
  QueryCache,
  QueryClient,
  keepPreviousData,
  useMutation,
  useQuery,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query'
import { isFault } from '#base/fault.ts'
import { RemoteFault, clientOf, type Asked } from '#contract/client.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { me } from '#contract/me.ts'
import { lookHeaders } from './presence.ts'

/** The service that these pages came from; the session is a cookie that no script can read. */
export const client = clientOf({ url: '' })

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: (error, { queryKey }) => queryKey[0] !== me.show.name && noticeEnd(error) }),
  mutationCache: new MutationCache({ onError: noticeEnd }),
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (failures, error) => failures < 2 && mayPass(error), refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
})

/** Whatever is told that nobody is signed in has the frame look, too: it leads to where that is done. */
function noticeEnd(error: Error): void {
  if (error instanceof RemoteFault && error.code === 'NOT_SIGNED_IN') void queries.invalidateQueries({ queryKey: [me.show.name] })
}

/** An unreachable or overloaded service may answer the next time; what it refused it refuses again. */
function mayPass(error: Error): boolean {
  if (error instanceof RemoteFault) return error.status >= 500
  return isFault(error) && error.code === 'SERVICE_UNREACHABLE'
}

export type Reply<E extends Endpoint> = UseQueryResult<ReplyOf<E>>
export type Act<E extends Endpoint> = UseMutationResult<ReplyOf<E>, Error, Asked<E>>

export interface ReplyOptions {
  /** False: not asked yet. */
  readonly isAsked?: boolean
  /** Asked again so often while the page is looked at; for what no event tells of. */
  readonly everyMs?: number
}

/** The key under which a reply is kept: the name of its endpoint first. */
export function keyOf<E extends Endpoint>(endpoint: E, asked: Asked<E>): readonly unknown[] {
  const { params, query, body } = asked as { params?: unknown; query?: unknown; body?: unknown }
  return [endpoint.name, params ?? {}, query ?? {}, body ?? {}]
}

/** Asks a question of the contract, keeps the answer, and shows the one before while the next page of a list is fetched. */
export function useReply<E extends Endpoint>(endpoint: E, asked: Asked<E>, { isAsked = true, everyMs }: ReplyOptions = {}): Reply<E> {
  return useQuery({
    queryKey: keyOf(endpoint, asked),
    queryFn: ({ signal }) => client.call(endpoint, { ...asked, signal, headers: lookHeaders() }),
    enabled: isAsked,
    placeholderData: keepPreviousData,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  })
}

/**
 * Does something that the contract offers. `changes` names the capabilities (the part of an endpoint's name before the dot)
 * of which everything shown is asked for again afterwards.
 */
export function useAct<E extends Endpoint>(endpoint: E, changes: readonly string[]): Act<E> {
  return useMutation({
    mutationKey: [endpoint.name],
    mutationFn: (asked: Asked<E>) => client.call(endpoint, { ...asked, idempotencyKey: newKey() }),
    onSuccess: () => askAgain(changes),
  })
}

/** Everything shown of these capabilities is asked for again. */
export async function askAgain(capabilities: readonly string[]): Promise<void> {
  await queries.invalidateQueries({ predicate: ({ queryKey }) => capabilities.includes(String(queryKey[0]).split('.')[0]!) })
}

/** Also where the page came over plain http, in which browsers have no `randomUUID`. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
