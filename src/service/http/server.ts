import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fastify, { LogController, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import type { House } from '#service/house.ts'
import { internalProblem, problemOf } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly endpoint?: Endpoint
  }
}

/** The server with what holds for every route: who may frame it, how much may be asked, how failures are told. */
export async function makeServer(house: House): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: house.log,
    // Each act and each refusal is in the trail; reads are not logged one by one.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => house.random.uuid(),
    requestIdHeader: false,
    // The proxy of a public address says whom it asks for; anybody else's word is nothing.
    trustProxy: house.config.publicUrl === undefined ? false : 'loopback, uniquelocal',
    forceCloseConnections: 'idle',
    // Of a request that finds no route, such as one whose path is not UTF-8.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, faultOf(error)),
  })
  await app.register(cookie)
  // HSTS and upgrade-insecure-requests would lock out whoever hosts it on plain http behind a proxy of their own.
  await app.register(helmet, {
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
    },
  })
  await app.register(rateLimit, {
    max: limits.requestsPerMinuteMax,
    timeWindow: durations.minute,
    errorResponseBuilder: (_request, { ttl }) =>
      new Fault('TOO_MANY_REQUESTS', `too many requests from this address; the next is taken in ${Math.ceil(ttl / 1000)} s`),
  })
  readUploadsAsStreams(app)
  app.setNotFoundHandler((request) => {
    throw new Fault('NOT_FOUND', `there is nothing at ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`)
  })
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const fault = faultOf(error)
    if (fault === undefined)
      request.log.error({ err: error, requestId: request.id, endpoint: request.routeOptions.config.endpoint?.name }, 'internal error')
    if (fault !== undefined && isPersonInBrowser(request))
      return await reply.header('cache-control', 'no-store').redirect(`/sign-in?notice=refused&code=${fault.code}`, 303)
    return await sendProblem(reply, fault)
  })
  return app
}

/** Somebody on their way to a provider or back, for whom a problem in JSON is no page: the sign-in page says what it was. */
function isPersonInBrowser({ routeOptions, headers }: FastifyRequest): boolean {
  return routeOptions.config.endpoint?.media === 'text/html' && (headers.accept ?? '').includes('text/html')
}

function sendProblem(reply: FastifyReply, fault: Fault | undefined): FastifyReply {
  const problem = fault === undefined ? internalProblem : problemOf(fault)
  return reply.status(problem.status).type('application/problem+json').send(problem)
}

/** Fastify's own refusals by their codes; what is left is a mistake of ours. */
function faultOf(error: FastifyError): Fault | undefined {
  if (isFault(error)) return error
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Fault('BODY_TOO_LARGE', 'the body is larger than this endpoint takes')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Fault('MEDIA_TYPE', 'the body is not JSON')
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? new Fault('BODY_INVALID', `the request is not well formed: ${error.message.slice(0, 200)}`)
        : undefined
  }
}

/** JSON alone is parsed; an upload's route reads its stream itself. */
function readUploadsAsStreams(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser('*', (request: FastifyRequest, payload, done) => {
    if (request.routeOptions.config.endpoint?.isUpload) return done(null, payload)
    payload.resume()
    done(new Fault('MEDIA_TYPE', `the body is ${request.headers['content-type'] ?? 'of no stated type'}, not JSON`))
  })
}
