import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { everything } from '#service/catalog/scope.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { signCheckpoint } from '#service/audit/checkpointing.ts'
import { verifyExport } from '#service/audit/verify-export.ts'
import { program } from '#test/support/command-line.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
let auditor: string
let tenants: readonly [string, string]
before(async () => {
  here = await testService()
  const { service } = here
  tenants = [await testTenant(service, 'ours'), await testTenant(service, 'theirs')]
  auditor = (await testPerson(service, 'auditor', [{ role: 'AUDITOR', tenantId: null }])).token
  for (let index = 0; index < 60; index += 1) await happen(index)
  await signCheckpoint(service.house)
  for (let index = 60; index < 90; index += 1) await happen(index)
})
after(() => here[Symbol.asyncDispose]())

async function happen(index: number): Promise<void> {
  const { house } = here.service
  const after = { name: `é "${index}"`, nested: { b: [1, 2.5], a: null } }
  await house.catalog.as(everything, (tx) =>
    recordSystemEvent(tx, house, {
      action: 'backup.completed',
      tenantId: tenants[index % 2]!,
      subject: { kind: 'backup', id: String(index) },
      after,
    }),
  )
}

async function exported(query = '', token = auditor): Promise<string[]> {
  const answer = await here.ask('GET', `/api/v1/audit/export${query}`, { token })
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/)
  return answer.text.trimEnd().split('\n')
}

async function verified(lines: readonly string[], fingerprint?: string) {
  const bytes = async function* () {
    yield Buffer.from(lines.map((line) => `${line}\n`).join(''))
  }
  return await verifyExport(bytes(), { fingerprint }, new AbortController().signal)
}

/** The line that an event stands on. */
function lineOf(lines: readonly string[], seq: number): number {
  return lines.findIndex((line) => line.includes('"kind":"event"') && JSON.parse(line).event.seq === seq)
}

test('an export is verified by the command line with nothing but the file', async () => {
  const file = path.join(here.directory, 'trail.ndjson')
  const lines = await exported()
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
  const { key } = (await here.ask('GET', '/api/v1/audit/checkpoints', { token: auditor })).json
  const env = { PATH: process.env['PATH'] }
  const whole = await run(program, ['audit', 'verify', file, '--fingerprint', key.fingerprint, '--json'], { env })
  assert.equal(whole.exitCode, 0, whole.stderr)
  const report = JSON.parse(whole.stdout.trim().split('\n').at(-1)!)
  assert.equal(report.isWhole, true)
  assert.ok(report.events >= 90)
  assert.equal(report.checkpoints, 1)
  const other = await run(program, ['audit', 'verify', file, '--fingerprint', 'a'.repeat(32)], { env })
  assert.equal(other.exitCode, 1)
  assert.match(other.stdout, /signed by the key .*, not by a+/)
  const none = await run(program, ['audit', 'verify', path.join(here.directory, 'none'), '--json'], { env })
  assert.equal(none.exitCode, 2)
})

test('the catalog is verified by the command line while the service runs, and when it does not', async () => {
  const data = path.join(here.directory, 'data')
  const running = await run(program, ['audit', 'verify', '--data', data, '--json'], { env: { PATH: process.env['PATH'] } })
  assert.equal(running.exitCode, 0, running.stdout + running.stderr)
  assert.equal(JSON.parse(running.stdout.trim().split('\n').at(-1)!).isWhole, true)
  await here.stop()
  try {
    const stopped = await run(program, ['audit', 'verify', '--data', data], { env: { PATH: process.env['PATH'] } })
    assert.equal(stopped.exitCode, 0, stopped.stdout + stopped.stderr)
    assert.match(stopped.stdout, /nobody changed the trail/)
  } finally {
    await here.restart()
  }
  const none = await run(program, ['audit', 'verify', '--data', path.join(here.directory, 'none')], { env: { PATH: process.env['PATH'] } })
  assert.equal(none.exitCode, 1)
  assert.match(none.stderr, /there is no catalog/)
})

test('what was done to an export is found offline, with the event', async () => {
  const lines = await exported()
  assert.deepEqual((await verified(lines)).findings, [])
  const changed = async (change: (copy: string[]) => void) => {
    const copy = [...lines]
    change(copy)
    const report = await verified(copy)
    assert.equal(report.isWhole, false)
    assert.deepEqual(report.proves, [])
    return report.findings[0]!
  }
  const at = lineOf(lines, 20)
  const edited = await changed((copy) => (copy[at] = copy[at]!.replace('backup.completed', 'backup.forgotten')))
  assert.deepEqual([edited.kind, edited.seq, edited.id], ['edited', 20, JSON.parse(lines[at]!).event.id])
  const added = await changed((copy) => (copy[at] = copy[at]!.replace('"event":{', '"event":{"more":1,')))
  assert.deepEqual([added.kind, added.seq], ['edited', 20])
  const removed = await changed((copy) => copy.splice(at, 1))
  assert.deepEqual([removed.kind, removed.seq], ['missing', 20])
  const swapped = await changed((copy) => ([copy[at], copy[at + 1]] = [copy[at + 1]!, copy[at]!]))
  assert.deepEqual([swapped.kind, swapped.seq], ['missing', 20])
  const doubled = await changed((copy) => copy.splice(at, 0, copy[at]!))
  assert.deepEqual([doubled.kind, doubled.seq], ['inserted', 20])
  const cut = await changed((copy) => copy.splice(lineOf(copy, 70)))
  assert.deepEqual([cut.kind, cut.seq], ['truncated', 70])
  const first = await changed((copy) => (copy[0] = copy[0]!.replace('"by":"auditor"', '"by":"somebody"')))
  assert.equal(first.kind, 'statement')
  const broken = await changed((copy) => (copy[at] = copy[at]!.slice(0, 40)))
  assert.deepEqual([broken.kind, broken.seq], ['edited', 20])
  await assert.rejects(verified(['{"kind":"event"}']), /the first line of the export/)
})

test('an export with every hash after an edited event computed anew is found by the signatures', async () => {
  const { linked } = await import('#service/audit/audit-event.ts')
  const lines = await exported()
  const copy: string[] = []
  let hash: string | undefined
  for (const line of lines) {
    const parsed = JSON.parse(line)
    if (parsed.kind !== 'event' || (hash === undefined && parsed.event.seq !== 20)) {
      copy.push(line)
      continue
    }
    const event = parsed.event.seq === 20 ? { ...parsed.event, actorName: 'somebody' } : parsed.event
    const anew = linked(event, hash ?? parsed.previousHash)
    hash = anew.hash
    copy.push(JSON.stringify({ kind: 'event', ...anew }))
  }
  const report = await verified(copy)
  assert.equal(report.isWhole, false)
  assert.equal(report.findings[0]!.kind, 'rewritten')
  assert.ok(report.findings[0]!.seq <= 20)
})

test('an export of a part says what it cannot prove, and goes on to the next signed statement', async () => {
  const all = (await exported()).filter((line) => line.includes('"kind":"event"')).map((line) => JSON.parse(line).event)
  const [from, to] = [all[10].at, all[30].at]
  const lines = await exported(`?from=${from}&to=${to}`)
  const shown = lines.filter((line) => line.includes('"kind":"event"')).map((line) => JSON.parse(line).event.at)
  assert.ok(shown.length >= 21 && shown.every((at) => at >= from && at <= to))
  const report = await verified(lines)
  assert.deepEqual(report.findings, [])
  assert.equal(report.lastSeq, 60)
  assert.match(report.doesNotProve.join('; '), /before event 1\d.*after event 60/)
  const at = lines.findIndex((line) => line.includes('"kind":"other"'))
  const changed = lines.map((line, index) => (index === at ? line.replace(/"contentHash":"./, '"contentHash":"g') : line))
  assert.equal((await verified(changed)).isWhole, false)
  assertProblem(
    await here.ask('GET', '/api/v1/audit/export?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z', { token: auditor }),
    422,
    'INPUT_INVALID',
  )
})

test('the export of a tenant holds its own events, and the others by their hash alone', async () => {
  const { token } = await testPerson(here.service, 'tenant-auditor', [{ role: 'AUDITOR', tenantId: tenants[0] }])
  const lines = await exported('', token)
  assert.ok(!lines.slice(1).join('').includes(tenants[1]))
  const report = await verified(lines)
  assert.deepEqual(report.findings, [])
  assert.equal(report.events, 45)
  assert.ok(report.others >= 45)
  assert.match(report.doesNotProve.join('; '), /none of them is of the tenants/)
  const own = (await here.ask('GET', '/api/v1/audit?action=audit.export', { token })).json
  assert.equal(own.total, 1, 'the export is in the trail, and its auditor sees it')
  assertProblem(
    await here.ask('GET', '/api/v1/audit/export', {
      token: (await testPerson(here.service, 'viewer', [{ role: 'VIEWER', tenantId: null }])).token,
    }),
    403,
    'FORBIDDEN',
  )
})

test('jq, sha256sum and openssl come to the same, as the guide says', async () => {
  const file = path.join(here.directory, 'by-hand.ndjson')
  const from = new Date().toISOString()
  for (const index of [100, 101, 102]) await happen(index)
  await signCheckpoint(here.service.house)
  await happen(103)
  await writeFile(file, (await exported(`?from=${from}`)).map((line) => `${line}\n`).join(''))
  const guide = await readFile('docs/guide/audit.md', 'utf8')
  const [, shell] = /## By hand[^]*?```sh\n([^]*?)```/.exec(guide)!
  const env = { PATH: process.env['PATH'] }
  const whole = await run('bash', ['-euo', 'pipefail', '-c', shell!, 'by-hand', file], { env })
  assert.equal(whole.exitCode, 0, whole.stderr)
  assert.match(whole.stdout, /[45] events hold\n3 signatures hold/)
  await writeFile(file, (await readFile(file, 'utf8')).replace(/\\"101\\"/, '\\"201\\"'))
  assert.notEqual((await run('bash', ['-euo', 'pipefail', '-c', shell!, 'by-hand', file], { env })).exitCode, 0)
})

test('a trail of thousands of events is verified and exported in little memory', { timeout: 120_000 }, async () => {
  const { house } = here.service
  for (let batch = 0; batch < 25; batch += 1)
    await house.catalog.as(everything, async (tx) => {
      for (let index = 0; index < 100; index += 1)
        await recordSystemEvent(tx, house, { action: 'backup.completed', tenantId: tenants[0], after: { text: 'x'.repeat(2_000) } })
    })
  const { json } = await here.ask('POST', '/api/v1/audit/verify', { token: auditor, body: {} })
  assert.deepEqual(json.findings, [])
  assert.ok(json.events > 2_500)
  const file = path.join(here.directory, 'long.ndjson')
  await writeFile(file, (await exported()).map((line) => `${line}\n`).join(''))
  const script = `
    const { createReadStream } = await import('node:fs')
    const { verifyExport } = await import('#service/audit/verify-export.ts')
    const report = await verifyExport(createReadStream(${JSON.stringify(file)}), {}, new AbortController().signal)
    console.log(JSON.stringify({ isWhole: report.isWhole, events: report.events }))`
  const told = await run(process.execPath, ['--max-old-space-size=48', '--input-type=module', '-e', script], { cwd: process.cwd() })
  assert.equal(told.exitCode, 0, told.stderr)
  assert.equal(JSON.parse(told.stdout).isWhole, true)
  assert.equal((await verifyExport(createReadStream(file), {}, new AbortController().signal)).isWhole, true)
})
