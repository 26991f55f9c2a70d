import { z } from 'zod'
import type { Permission } from './permissions.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * One door of the service, as data: the service serves it, the screen, the command line and the client call it, and the
 * OpenAPI document is printed from it. Who may come in and whether it is written down are fields, so that no route can forget them.
 */
export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  /** `<capability>.<verb>`: unique, the action of its audit events and the operationId of OpenAPI. */
  readonly name: string
  readonly method: Method
  /** With `{id}` for parameters, as OpenAPI writes it. */
  readonly path: string
  /** One sentence without a full stop. */
  readonly summary: string
  readonly description?: string
  /** `open`: for everybody; `signed-in`: for whoever has a session or a key, and about themselves only. */
  readonly permission: Permission | 'open' | 'signed-in'
  /** True for whatever changes something or takes patient data out: the act is written to the trail with its change, or does not happen. */
  readonly isAudited: boolean
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** Of the JSON that comes back. An endpoint with `media` streams something else. */
  readonly reply: Reply
  readonly media?: string
  /** Of success. 202: what was asked for is a job, and the reply has its id. */
  readonly status: 200 | 201 | 202 | 204
  /** Largest body, in bytes; `upload`: the route reads the stream itself. */
  readonly bodyBytesMax?: number
  readonly isUpload?: boolean
  /** For people with a session; a key that acts for them is turned away. */
  readonly isForSessions?: boolean
  /** From one address; less than what holds for all. */
  readonly perMinuteMax?: number
  /** The reply holds what is shown once: where it is remembered, it is sealed. */
  readonly hasSecretReply?: boolean
  /** It changes nothing, and is no GET because what it asks for may stand in no URL: asked twice it is answered twice, and nothing is remembered. */
  readonly isLook?: boolean
  /**
   * Many look at it at once, again and again: those who ask for the same rows at the same time are given one answer. What it
   * says depends on the scope, the path and the query, never on who asks.
   */
  readonly isShared?: boolean
}

const nothing = z.strictObject({})
type Nothing = typeof nothing

type Given<T, Fallback> = T extends z.ZodType ? T : Fallback

type EndpointParts = Pick<
  Endpoint,
  | 'name'
  | 'method'
  | 'path'
  | 'summary'
  | 'description'
  | 'permission'
  | 'media'
  | 'bodyBytesMax'
  | 'isUpload'
  | 'isForSessions'
  | 'perMinuteMax'
  | 'hasSecretReply'
  | 'isLook'
  | 'isShared'
> &
  Partial<Pick<Endpoint, 'isAudited' | 'params' | 'query' | 'body' | 'reply' | 'status'>>

type Filled<Parts extends EndpointParts> = Endpoint<
  Given<Parts['params'], Nothing>,
  Given<Parts['query'], Nothing>,
  Given<Parts['body'], Nothing>,
  Given<Parts['reply'], Nothing>
>

/** Whatever is no GET is audited unless it says otherwise. */
export function endpoint<const Parts extends EndpointParts>(parts: Parts): Filled<Parts> {
  const filled = {
    isAudited: parts.method !== 'GET',
    status: 200,
    params: nothing,
    query: nothing,
    body: nothing,
    reply: nothing,
    ...parts,
  }
  return filled as unknown as Filled<Parts>
}

export type ParamsOf<E extends Endpoint> = z.output<E['params']>
export type QueryOf<E extends Endpoint> = z.output<E['query']>
export type BodyOf<E extends Endpoint> = z.output<E['body']>
export type ReplyOf<E extends Endpoint> = z.output<E['reply']>

/** What went wrong, as RFC 9457 (problem details) with the fault's own members. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** The fact. */
  detail: z.string(),
  code: z.string(),
  hint: z.string(),
  /** Of the request, when one of its fields is wrong. */
  field: z.string().optional(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
})
export type Problem = z.infer<typeof problemSchema>
