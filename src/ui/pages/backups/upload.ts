import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { backupContent } from '#contract/backup-content.ts'
import { refusalIn } from '#contract/client.ts'
import type { ReplyOf } from '#contract/endpoint.ts'

export interface UploadOrder {
  /** Address with its query. */
  readonly place: string
  readonly file: Blob
  /** Of an encrypted archive; empty without one. */
  readonly passphrase: string
  /** So many bytes are on their way: told by the browser, which `fetch` is not. */
  readonly onProgress: (sentBytes: number) => void
  readonly signal: AbortSignal
}

export type Uploaded = ReplyOf<typeof backupContent.upload>

/** RemoteFault when the service refuses it, SERVICE_UNREACHABLE when it does not answer, CANCELLED. */
export function upload({ place, file, passphrase, onProgress, signal }: UploadOrder): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', place)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.setRequestHeader('accept', 'application/json, application/problem+json')
    if (passphrase !== '') request.setRequestHeader('integrum-passphrase', encodeURIComponent(passphrase))
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded))
    request.addEventListener('load', () => {
      try {
        if (request.status >= 400) throw refusalIn(request.responseText, request.status)
        resolve(parse(backupContent.upload.reply, request.responseText, 'the reply of the service', 'SERVICE_REPLY'))
      } catch (error) {
        reject(error)
      }
    })
    request.addEventListener('error', () => reject(new Fault('SERVICE_UNREACHABLE', 'the upload broke off: the service does not answer')))
    request.addEventListener('abort', () => reject(new Fault('CANCELLED', 'the upload was cancelled')))
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
