import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isFault } from '#base/fault.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { captureToDirectory } from '#test/support/captured-database.ts'
import { hasPackagedServer, packagedServer } from '#test/support/packaged-server.ts'
import { testCluster } from '#test/support/postgres.ts'
import { fittingClientTools } from './client-tools.ts'

test('the newest installed pg_dump is taken, and one that is too old or a server that is too old is DATABASE_VERSION', async () => {
  const newest = assertFound(postgresPrograms('pg_dump')).majorVersion
  const tools = await fittingClientTools({ number: 130_000, text: '13.0' })
  assert.equal(tools.majorVersion, newest)
  assert.match(tools.version, new RegExp(`^${newest}\\.`))
  const newer = { number: (newest + 1) * 10_000 + 2, text: `${newest + 1}.2` }
  await assert.rejects(
    fittingClientTools(newer),
    (error) => isFault(error, 'DATABASE_VERSION') && /newest pg_dump installed is/.test(error.message),
  )
  await assert.rejects(fittingClientTools({ number: 120_000, text: '12.0' }), (error) => isFault(error, 'DATABASE_VERSION'))
})

test(
  'a real server newer than every pg_dump is DATABASE_VERSION before anything is read',
  { skip: !hasPackagedServer(18) && 'not on this platform' },
  async () => {
    await using newer = await packagedServer(18)
    await using cluster = await testCluster({ programs: newer.programs })
    const source = { name: 'clinic', target: cluster.target('postgres') }
    await assert.rejects(captureToDirectory(source), (error) => isFault(error, 'DATABASE_VERSION') && /PostgreSQL 18/.test(error.message))
  },
)
