import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { program } from '#test/support/command-line.ts'
import { scheduledSystem } from '#test/support/scheduled-backups.ts'
import { testPerson, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let token: string
before(async () => {
  here = await testService()
  const { tenant } = await scheduledSystem(here.service.house)
  token = (await testPerson(here.service, 'operator', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
})
after(() => here[Symbol.asyncDispose]())

async function integrum(...words: readonly string[]) {
  const env = { PATH: process.env['PATH'], INTEGRUM_SERVER: here.service.url, INTEGRUM_TOKEN: token }
  const told = await run(program, ['schedules', ...words, '--json'], { env })
  return { ...told, json: JSON.parse(told.stdout.trim().split('\n').at(-1) || '{}') }
}

test('schedules are made, shown in words, changed, switched and removed from the command line', async () => {
  const blackouts = ['--blackout', '08:00-18:00@mon,fri', '--blackout', '2030-12-24..2030-12-26']
  const made = await integrum('create', 'nightly', '--system', 'emr', '--type', 'database', '--cron', '30 2 * * *', ...blackouts)
  assert.equal(made.exitCode, 0, made.stderr)
  assert.equal(
    made.json.schedule.words,
    'At 02:30, in UTC; never from 08:00 to 18:00 on Monday, Friday; never from 2030-12-24 to 2030-12-26',
  )
  const changed = await integrum(
    'edit',
    'nightly',
    '--cron',
    '0 4 * * *',
    '--time-zone',
    'Europe/Berlin',
    '--jitter',
    '5',
    '--catch-up',
    '90',
    '--follow',
    '60-720',
  )
  const { words, backupType, catchUpMinutes, follows, blackouts: kept } = changed.json.schedule
  assert.match(words, /^At 04:00, in Europe\/Berlin; up to 5 minutes later; never/)
  assert.deepEqual([backupType, catchUpMinutes, follows, kept.length], ['database', 90, { minutesMin: 60, minutesMax: 720 }, 2])
  const bare = (await integrum('edit', 'nightly', '--no-blackouts', '--catch-up', 'always', '--follow', 'no')).json.schedule
  assert.deepEqual([bare.blackouts, bare.catchUpMinutes, bare.follows], [[], null, null])
  const proposed = await integrum('proposal', 'nightly')
  assert.match(proposed.stdout, /How much changes is not known yet/)
  assert.equal(proposed.json.newBytesPerHour, null)
  assert.equal((await integrum('toggle', 'nightly')).json.schedule.isActive, false)
  assert.equal((await integrum('toggle', 'nightly', '--off')).json.schedule.isActive, false)
  assert.equal((await integrum('toggle', 'nightly', '--on')).json.schedule.isActive, true)
  assert.deepEqual((await integrum('ticks', 'nightly', '--missed')).json.rows, [])
  const usual = await integrum('defaults', '--system', 'emr', '--time-zone', 'Europe/Berlin')
  assert.deepEqual(
    usual.json.rows.map(({ name, words: said }: { name: string; words: string }) => `${name}: ${said}`),
    [
      'emr daily database: At 02:00, in Europe/Berlin; up to 15 minutes later',
      'emr weekly full: At 03:00, only on Sunday, in Europe/Berlin; up to 15 minutes later',
    ],
  )
  assert.equal((await integrum('remove', 'nightly')).exitCode, 0)
  assert.equal((await integrum('list', '--system', 'emr')).json.rows.length, 2)
})

test('a schedule that cannot be is refused in words', async () => {
  const preview = async (...words: readonly string[]) => (await integrum('preview', ...words)).json
  assert.equal((await preview('--cron', '0 2 * * *')).nextRuns.length, 5)
  const full = await preview('--cron', '0 2 * * *', '--blackout', '01:00-03:00')
  assert.match(full.error.fact, /the blackouts leave no time/)
  assert.match((await preview('--cron', '0 0 30 2 *')).error.fact, /is no cron expression/)
  assert.match((await preview('--cron', '0 2 * * *', '--time-zone', 'Europe/Atlantis')).error.fact, /there is no time zone/)
  assert.equal((await integrum('preview', '--cron', '0 2 * * *', '--blackout', '25:00-26:00')).exitCode, 2)
  assert.equal((await preview()).error.code, 'USAGE')
  assert.equal((await integrum('remove', 'nothing')).json.error.code, 'NOT_FOUND')
})
