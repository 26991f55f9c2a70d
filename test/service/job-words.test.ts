import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobKinds } from '#service/jobs/job-kinds.ts'
import { kindsOfJobs } from '#ui/stages.ts'

test('every kind of job that the service has, has words of its own on the pages', () => {
  const without = jobKinds.map(({ name }) => name).filter((name) => !kindsOfJobs.includes(name))
  assert.deepEqual(without, [])
})
