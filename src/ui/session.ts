import { me } from '#contract/me.ts'
import type { Permission } from '#contract/permissions.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useReply, type Reply } from './call.ts'

export type Person = ReplyOf<typeof me.show>

/** Who is signed in. Asked again now and then, so that a page notices that its session has ended. */
export function useMe(): Reply<typeof me.show> {
  return useReply(me.show, {}, { everyMs: 60_000 })
}

export function mayOf({ permissions }: Person, permission: Permission, tenantId?: string): boolean {
  const held = permissions.find((one) => one.permission === permission)
  if (!held) return false
  return tenantId === undefined || held.tenantIds === null || held.tenantIds.includes(tenantId)
}

/** Whether the reader may do that, in any tenant or in that one. The service decides anew at each act. */
export function useMay(): (permission: Permission, tenantId?: string) => boolean {
  const { data } = useMe()
  return (permission, tenantId) => data !== undefined && mayOf(data, permission, tenantId)
}
