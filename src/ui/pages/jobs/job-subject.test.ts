import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subjectsOf } from './job-subject.ts'

test('a job leads to what it is about, to its system and to its repository', () => {
  const backup = subjectsOf({ kind: 'backup', subjectId: 'b', systemId: 's', repositoryId: 'r' })
  assert.deepEqual(
    backup.map(({ to }) => to),
    ['/backups/b', '/systems/s', '/storage/r'],
  )
  assert.deepEqual(subjectsOf({ kind: 'prune', subjectId: 'x', systemId: null, repositoryId: null }), [])
})
