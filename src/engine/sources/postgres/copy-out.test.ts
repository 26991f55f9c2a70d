import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isFault } from '#base/fault.ts'
import { testCluster } from '#test/support/postgres.ts'
import { connect } from './connection.ts'
import { copyOut } from './copy-out.ts'
import { createRowHash } from './row-hash.ts'

const key = new Uint8Array(16)

test('INV-504 COPY streams every byte, counts as its own tag does, and leaves the session usable', async () => {
  await using cluster = await testCluster()
  await using connection = await connect(cluster.target('postgres'))
  const rows = 200_000
  const copy = copyOut(connection, {
    statement: `COPY (SELECT g, repeat('x', g % 300), E'a\\nb' FROM generate_series(1, ${rows}) g) TO STDOUT`,
    hashKey: key,
  })
  const hash = createRowHash(key)
  let bytesRead = 0
  let first = ''
  for await (const bytes of copy) {
    if (bytesRead === 0) first = Buffer.from(bytes).toString('latin1')
    bytesRead += bytes.byteLength
    hash.update(bytes)
  }
  assert.equal(copy.rows(), rows)
  assert.equal(hash.digest().rows, rows)
  assert.deepEqual(copy.hash(), hash.digest())
  const [expected] = await connection.query<{ bytes: string }>(
    `SELECT sum(length(g::text) + g % 300 + 7)::text AS bytes FROM generate_series(1, ${rows}) g`,
  )
  assert.equal(String(bytesRead), expected!.bytes)
  assert.match(first, /^1\tx\ta\\nb\n2\txx\ta\\nb\n/)

  const nothing = copyOut(connection, { statement: 'COPY (SELECT 1 WHERE false) TO STDOUT', hashKey: key })
  for await (const _ of nothing) assert.fail('an empty COPY has no bytes')
  assert.equal(nothing.rows(), 0)
  const huge = copyOut(connection, { statement: `COPY (SELECT repeat('y', 5000000)) TO STDOUT` })
  let hugeBytes = 0
  for await (const bytes of huge) hugeBytes += bytes.byteLength
  assert.equal(hugeBytes, 5_000_001)
})

test('INV-504 a COPY that the server refuses, at once or in its middle, is a fault and not an end', async () => {
  await using cluster = await testCluster()
  await using connection = await connect(cluster.target('postgres'))
  const drain = async (sql: string) => {
    for await (const _ of copyOut(connection, { statement: sql })) continue
  }
  await assert.rejects(drain('COPY nowhere TO STDOUT'), (error) => isFault(error, 'DATABASE_QUERY'))
  await assert.rejects(drain('COPY (SELECT 1 / (50000 - g) FROM generate_series(1, 100000) g) TO STDOUT'), /division by zero/)
  assert.deepEqual(await connection.query('SELECT 1 AS one'), [{ one: 1 }])
})

test('leaving early and aborting end the session, killing it on the server is a fault', async () => {
  await using cluster = await testCluster()
  const endless = `COPY (SELECT repeat('z', 1000), generate_series(1, 100000000)) TO STDOUT`
  {
    await using connection = await connect(cluster.target('postgres'))
    for await (const _ of copyOut(connection, { statement: endless })) break
  }
  {
    await using connection = await connect(cluster.target('postgres'))
    const controller = new AbortController()
    await assert.rejects(
      async () => {
        for await (const _ of copyOut(connection, { statement: endless }, controller.signal)) controller.abort()
      },
      (error) => isFault(error, 'CANCELLED'),
    )
  }
  {
    await using connection = await connect(cluster.target('postgres'))
    await using killer = await connect(cluster.target('postgres'))
    const [{ pid } = { pid: 0 }] = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    let isKilled = false
    await assert.rejects(
      async () => {
        for await (const _ of copyOut(connection, { statement: endless })) {
          if (!isKilled) await killer.query('SELECT pg_terminate_backend($1)', [pid])
          isKilled = true
        }
      },
      (error) => isFault(error, 'DATABASE_QUERY'),
    )
  }
})
