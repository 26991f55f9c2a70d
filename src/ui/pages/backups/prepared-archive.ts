import { Fault, messageOf } from '#base/fault.ts'
import { refusalIn } from '#contract/client.ts'

export interface PreparedArchive {
  readonly fileName: string
  readonly sizeBytes: number
  /** Of the file as it is downloaded. */
  readonly sha256: string
}

/** What would be downloaded from there, without downloading it. */
export async function preparedArchive(place: string, signal: AbortSignal): Promise<PreparedArchive> {
  const answer = await fetch(place, { method: 'HEAD', signal }).catch((cause: unknown) => {
    throw new Fault('SERVICE_UNREACHABLE', `the service does not answer: ${messageOf(cause)}`, {}, { cause })
  })
  // The answer to HEAD has no words of its own: what a GET would say is asked for.
  if (!answer.ok) throw refusalIn(await (await fetch(place, { signal })).text(), answer.status)
  return preparedIn(answer.headers)
}

export function preparedIn(headers: Pick<Headers, 'get'>): PreparedArchive {
  const sha256 = /^"([0-9a-f]{64})"$/.exec(headers.get('etag') ?? '')?.[1]
  const sizeBytes = Number(headers.get('content-length') ?? Number.NaN)
  const fileName = fileNameIn(headers.get('content-disposition') ?? '')
  if (sha256 === undefined || !Number.isSafeInteger(sizeBytes) || fileName === undefined)
    throw new Fault('SERVICE_REPLY', 'the service does not say which archive it has')
  return { fileName, sizeBytes, sha256 }
}

/** RFC 6266: the name in UTF-8 where there is one, else the plain one. */
function fileNameIn(disposition: string): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1]
  return encoded === undefined ? /filename="([^"]+)"/i.exec(disposition)?.[1] : decodeURIComponent(encoded)
}
