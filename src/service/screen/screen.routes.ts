import files from '@fastify/static'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'

const built = fileURLToPath(new URL('../../../build/ui/', import.meta.url))

/**
 * The pages: files that a build has put down, whose names hold their hash, and one document for every address that a page
 * may have. What they show they ask of the contract's endpoints, like anybody else.
 */
export function addScreen(app: FastifyInstance): void {
  const folder = currentFolder()
  if (folder !== undefined)
    void app.register(files, {
      root: folder,
      wildcard: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (response, file) => {
        const isNamedByHash = file.startsWith(path.join(folder, 'assets') + path.sep)
        response.header('cache-control', isNamedByHash ? `public, max-age=${(365 * durations.day) / 1000}, immutable` : 'no-cache')
      },
    })
  app.get('/*', async (request, reply) => await answerWithPage(request, reply, folder))
}

async function answerWithPage(request: FastifyRequest, reply: FastifyReply, folder: string | undefined): Promise<FastifyReply> {
  const place = request.url.split('?')[0]!.slice(0, 200)
  const isPage = !/^\/(api|assets)\//.test(place) && (request.headers.accept ?? '').includes('text/html')
  if (!isPage) throw new Fault('NOT_FOUND', `there is nothing at ${request.method} ${place}`)
  if (folder === undefined) throw new Fault('SCREEN_NOT_BUILT', 'the pages of this installation were not built')
  return await reply.header('cache-control', 'no-cache').sendFile('index.html')
}

/** Of the newest build when this process began: one that is made meanwhile does not take its files away. */
function currentFolder(): string | undefined {
  const current = path.join(built, 'current')
  if (!existsSync(current)) return undefined
  const folder = path.join(built, readFileSync(current, 'utf8').trim())
  return existsSync(folder) ? folder : undefined
}
