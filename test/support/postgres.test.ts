import { test } from 'node:test'
import assert from 'node:assert/strict'
import { connect } from '#engine/sources/postgres/connection.ts'
import { testCluster } from './postgres.ts'

test('a private cluster starts, answers on its socket alone and is judged identical to itself', async () => {
  await using cluster = await testCluster()
  await cluster.createDatabase('one')
  await cluster.psql('one', 'create table t(a int); insert into t values (1)')
  await using connection = await connect(cluster.target('one'))
  assert.deepEqual(await connection.query('select a from t'), [{ a: 1 }])
  assert.match(await cluster.diff('one', 'one'), /^IDENTICAL$/m)
})
