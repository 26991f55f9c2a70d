import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preparedIn } from './prepared-archive.ts'

const sha256 = 'ab'.repeat(32)

test('what an archive is stands in the headers of its download', () => {
  const headers = (disposition: string) =>
    new Headers({ etag: `"${sha256}"`, 'content-length': '1234', 'content-disposition': disposition })
  assert.deepEqual(preparedIn(headers('attachment; filename="emr.tar.zst"')), { fileName: 'emr.tar.zst', sizeBytes: 1234, sha256 })
  assert.equal(preparedIn(headers(`attachment; filename="_.tar"; filename*=UTF-8''%C3%A9mr.tar`)).fileName, 'émr.tar')
})

test('headers that do not say it are no archive', () => {
  for (const headers of [{}, { etag: '"x"', 'content-length': '1' }, { etag: `"${sha256}"` }])
    assert.throws(() => preparedIn(new Headers(headers)), { code: 'SERVICE_REPLY' })
})
