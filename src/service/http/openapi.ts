import { z } from 'zod'
import { problemSchema, type Endpoint } from '#contract/endpoint.ts'
import { permissionMatrix } from '#contract/permissions.ts'
import { productVersion } from '#host/version.ts'

type Json = Readonly<Record<string, unknown>>

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: printed from the contract and nothing else. */
export function openApiOf(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const one of endpoints) (paths[one.path] ??= {})[one.method.toLowerCase()] = operationOf(one)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Integrum',
      version: productVersion(),
      description: 'Backs up a clinical application, its PostgreSQL database and its files, and proves that it can be restored.',
    },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'a session token or an API key' },
        session: { type: 'apiKey', in: 'cookie', name: 'integrum_session' },
      },
      schemas: { Problem: z.toJSONSchema(problemSchema) },
    },
  }
}

function operationOf(endpoint: Endpoint): Json {
  const { name, method, summary, description, permission, status, media, reply } = endpoint
  const roles = permission === 'open' || permission === 'signed-in' ? undefined : permissionMatrix[permission]
  const content = media === undefined ? { 'application/json': { schema: z.toJSONSchema(reply, outputs) } } : { [media]: {} }
  return {
    operationId: name,
    tags: [name.split('.')[0]],
    summary,
    ...(description !== undefined && { description }),
    ...(permission === 'open' ? { security: [] } : { 'x-permission': permission }),
    ...(roles && { 'x-roles': roles }),
    parameters: [...parametersOf(endpoint, 'path'), ...parametersOf(endpoint, 'query')],
    ...(method !== 'GET' && { requestBody: bodyOf(endpoint) }),
    responses: {
      [status]: { description: 'done', ...(status !== 204 && { content }) },
      default: {
        description: 'a problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

const inputs = { io: 'input', unrepresentable: 'any' } as const
const outputs = { io: 'output', unrepresentable: 'any' } as const

function parametersOf(endpoint: Endpoint, where: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(where === 'path' ? endpoint.params : endpoint.query, inputs)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema,
  }))
}

function bodyOf({ body, isUpload }: Endpoint): Json {
  if (isUpload) return { required: true, content: { 'application/octet-stream': {} } }
  return { required: true, content: { 'application/json': { schema: z.toJSONSchema(body, inputs) } } }
}
