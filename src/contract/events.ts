import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { instantSchema } from './shapes.ts'

/** What stands behind `data:` of each event of the stream; its `id:` is what `Last-Event-ID` resumes from. */
export const eventSchema = z.object({
  tenantId: z.uuid().nullable(),
  /** Also the name behind `event:`. `job.changed`: `body` is the job as `GET /api/v1/jobs/{id}` has it, without its log. */
  kind: z.string(),
  subjectId: z.uuid().nullable(),
  at: instantSchema,
  body: z.unknown(),
})
export type ServiceEvent = z.infer<typeof eventSchema>

export const events = {
  stream: endpoint({
    name: 'events.stream',
    method: 'GET',
    path: '/api/v1/events',
    summary: 'what happens, as it happens, in the tenants that the caller sees',
    description:
      'Server-sent events. `Last-Event-ID` resumes behind that event; an event `missed` says that some in between are kept no more, so what is shown should be asked for again. A comment comes every 15 seconds. The stream ends with the session.',
    permission: 'jobs.read',
    media: 'text/event-stream',
  }),
} as const
