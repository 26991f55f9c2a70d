import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { everything } from '#service/catalog/scope.ts'
import { assertProblem, testPerson, testTenant } from '#test/support/service.ts'
import { RestoredSystem, type Signer } from '#test/support/restored-system.ts'

const backedUp = { database: 'backed up 100', file: 'backed up' }
const live = { database: 'live 100', file: 'live' }

let app: RestoredSystem
before(async () => {
  app = await RestoredSystem.make()
})
after(() => app[Symbol.asyncDispose]())

/** What people were told of a restore. */
async function toldOf(id: string): Promise<string[]> {
  const rows = await app.here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('notices').select(['kind', 'fact']).where('subject_id', '=', id).orderBy('at').orderBy('kind').execute(),
  )
  return rows.map(({ kind, fact }) => `${kind}: ${fact}`)
}

const detailsOf = (id: string) => app.expect(200, 'GET', `/api/v1/restore/${id}`)

test('preview, sign, execute: the data is back; undo: it is as before; release: what was replaced is backed up and let go', async () => {
  await app.write('live')
  const plan = await app.plan()
  assert.equal(plan.status, 'ready')
  assert.match(plan.digest, /^[0-9a-f]{64}$/)
  assert.equal(plan.summary.databases[0].rowsInBackup, 100)
  assert.deepEqual(plan.summary.roots[0].changed, { count: 1, first: ['word'] })
  assert.ok(plan.summary.loss.length > 0)
  assert.deepEqual(await app.look(), live)

  const signer = await app.signer()
  const { restoreId, runId } = await app.execute(plan.id, signer)
  assert.equal(restoreId, plan.id)
  await app.ended(runId)
  assert.deepEqual(await app.look(), backedUp)
  const done = await detailsOf(restoreId)
  assert.equal(done.status, 'completed')
  assert.equal(done.restoredBy, signer.name)
  assert.equal(done.validationResults.verified.rows, 100)
  assert.ok(done.mayUndo && Date.parse(done.undoUntil) > Date.now())
  const safety = await app.expect(200, 'GET', `/api/v1/backup/${done.safetyBackupId}`)
  assert.deepEqual([safety.purpose, safety.status, safety.systemId], ['safety', 'completed', app.systemId])
  const { rows } = await app.expect(200, 'GET', `/api/v1/signatures?subjectId=${plan.id}`)
  assert.deepEqual([rows[0].digest, rows[0].userName, rows[0].meaning], [plan.digest, signer.name, 'ordered this restore'])

  const undone = await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'the wrong day', signature: signer.sign('took this restore back') },
  })
  assert.equal(undone.status, 202, undone.text)
  await app.ended(undone.json.runId)
  assert.deepEqual(await app.look(), live)
  assert.ok((await detailsOf(restoreId)).undoneAt)
  assert.equal((await detailsOf(undone.json.restoreId)).mayUndo, true)
  assert.deepEqual(await toldOf(restoreId), [
    `restore-begun: a restore of app began, ordered by ${signer.name}`,
    'restore-ended: a restore of app was completed: what it brought back is live',
  ])
  assert.deepEqual(await toldOf(undone.json.restoreId), [
    `restore-begun: the undoing of a restore of app began, ordered by ${signer.name}`,
    'restore-ended: the undoing of a restore of app was completed: what it brought back is live',
  ])

  const other = await app.signer()
  const released = await app.ask('POST', `/api/v1/restore/${undone.json.restoreId}/release`, {
    token: other.token,
    body: { confirm: 'app', reason: 'all is well', signature: other.sign('let it go') },
  })
  assert.equal(released.status, 202, released.text)
  await app.ended(released.json.runId)
  assert.deepEqual(await app.look(), live)
  const end = await detailsOf(released.json.restoreId)
  assert.equal((await app.expect(200, 'GET', `/api/v1/backup/${end.validationResults.releaseBackupId}`)).purpose, 'release')
  assert.equal((await app.cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_'")).trim(), '0')

  const history = await app.expect(200, 'GET', `/api/v1/restore/history?systemId=${app.systemId}&status=completed`)
  assert.deepEqual(
    history.rows.map(({ kind }: { kind: string }) => kind),
    ['release', 'undo', 'restore'],
  )
  const again = { confirm: 'app', reason: 'again', signature: other.sign() }
  assertProblem(await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, { token: other.token, body: again }), 409, 'RESTORE_STATE')
})

test('a wrong name, a wrong role, a wrong password, a key of somebody else: refused, recorded, and nothing begins', async () => {
  await app.write('live')
  const plan = await app.plan({ scope: 'database' })
  const signer = await app.signer()
  const body = (more: Record<string, unknown> = {}) => ({
    planId: plan.id,
    confirm: 'app',
    reason: 'a reason',
    signature: signer.sign(),
    ...more,
  })
  const execute = (sent: unknown, token = signer.token) => app.ask('POST', '/api/v1/restore/execute', { token, body: sent })
  const unsigned = { password: 'whatever it is', totp: '000000', meaning: 'none' }
  const wrongName = await execute(body({ confirm: 'App', signature: unsigned }))
  assertProblem(wrongName, 422, 'CONFIRMATION_MISMATCH')
  assert.equal(wrongName.json.field, 'confirm')
  const operator = await testPerson(app.here.service, 'olga', [{ role: 'BACKUP_OPERATOR', tenantId: app.tenant }])
  assertProblem(await execute(body({ signature: unsigned }), operator.token), 403, 'FORBIDDEN')
  assertProblem(await execute(body({ signature: unsigned })), 403, 'REAUTHENTICATION')
  assertProblem(await execute({ planId: plan.id, confirm: 'app', reason: 'x' }), 422, 'INPUT_INVALID')
  assertProblem(await execute(body({ signature: unsigned, reason: '' })), 422, 'INPUT_INVALID')
  assertProblem(await execute(body({ signature: unsigned, force: true })), 422, 'INPUT_INVALID')
  assertProblem(await execute(body({ signature: unsigned, planId: app.backupId })), 404, 'NOT_FOUND')
  const refusals = await app.here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').select('facts').where('action', '=', 'restores.execute').where('outcome', '=', 'refused').execute(),
  )
  const codes = refusals.map(({ facts }) => facts['code'])
  for (const code of ['CONFIRMATION_MISMATCH', 'FORBIDDEN', 'REAUTHENTICATION', 'NOT_FOUND']) assert.ok(codes.includes(code), code)
  await app.here.service.house.catalog.as(everything, (tx) =>
    tx
      .updateTable('restore_plans')
      .set({ expires_at: new Date(0) })
      .where('id', '=', plan.id)
      .execute(),
  )
  assertProblem(await execute(body({ signature: unsigned })), 409, 'PLAN_EXPIRED')
  assert.equal((await app.ask('GET', `/api/v1/restore/${plan.id}`)).status, 404)
  assert.deepEqual(await app.look(), live)
})

test('a plan is carried out once, one restore of a system at a time, and not when its target is another by then', async () => {
  await app.write('live')
  const [first, second] = [await app.plan({ scope: 'database' }), await app.plan({ scope: 'database' })]
  const [one, two] = [await app.signer(), await app.signer()]
  const begun = await app.execute(first.id, one, { withoutSafetyBackup: { reason: 'a test' } })
  const execute = (planId: string, signer: Signer) =>
    app.ask('POST', '/api/v1/restore/execute', {
      token: signer.token,
      body: { planId, confirm: 'app', reason: 'a reason', signature: signer.sign() },
    })
  assertProblem(await execute(first.id, two), 409, 'PLAN_USED')
  assertProblem(await execute(second.id, two), 409, 'RESTORE_UNDER_WAY')
  await app.ended(begun.runId)
  assert.deepEqual(await app.look(), { ...live, database: backedUp.database })
  const done = await detailsOf(first.id)
  assert.deepEqual([done.safetyBackupId, done.withoutSafetyBackupReason], [null, 'a test'])

  const late = await execute(second.id, await app.signer())
  assert.equal(late.status, 202, late.text)
  const job = await app.ended(late.json.runId, 'failed')
  assert.equal(job.fault.code, 'PLAN_STALE')
  assert.equal((await detailsOf(second.id)).status, 'failed')
  assert.equal((await toldOf(second.id)).at(-1), 'restore-failed: a restore of app failed: PLAN_STALE')
  assert.deepEqual(await app.look(), { ...live, database: backedUp.database })
})

test('where a second person must approve, nobody approves what they ordered, and nothing begins before', async () => {
  await app.write('live')
  await app.expect(200, 'PATCH', `/api/v1/systems/${app.systemId}`, { requiresSecondApprover: true })
  const [one, two] = [await app.signer(), await app.signer()]
  const plan = await app.plan({ scope: 'files' })
  assert.equal(plan.requiresSecondApprover, true)
  const begun = await app.execute(plan.id, one)
  assert.deepEqual({ ...begun }, { restoreId: plan.id, runId: null, waitsForApproval: true })
  const approve = (signer: Signer, more: Record<string, unknown> = {}) =>
    app.ask('POST', `/api/v1/restore/plans/${plan.id}/approve`, {
      token: signer.token,
      body: { confirm: 'app', reason: 'seen by me', signature: signer.sign('approved this restore'), ...more },
    })
  const waiting = await app.expect(200, 'GET', '/api/v1/restore/history?waitsForApproval=true')
  assert.deepEqual([waiting.total, waiting.rows[0].id], [1, plan.id])
  assertProblem(await approve(one), 409, 'SECOND_APPROVER')
  assertProblem(await approve(two, { confirm: 'other' }), 422, 'CONFIRMATION_MISMATCH')
  assert.deepEqual(await app.look(), live)
  const three = await app.signer()
  const approved = await approve(three)
  assert.equal(approved.status, 202, approved.text)
  await app.ended(approved.json.runId)
  assert.deepEqual(await app.look(), { ...live, file: backedUp.file })
  assert.equal((await app.expect(200, 'GET', '/api/v1/restore/history?waitsForApproval=true')).total, 0)
  assert.deepEqual([(await detailsOf(plan.id)).restoredBy, (await detailsOf(plan.id)).approvedBy], [one.name, three.name])
  assertProblem(await approve(two), 409, 'RESTORE_STATE')

  const other = await app.plan({ scope: 'files' })
  await app.execute(other.id, three)
  const cancelled = await app.expect(200, 'POST', `/api/v1/restore/${other.id}/cancel`, { reason: 'not needed any more' })
  assert.equal(cancelled.status, 'cancelled')
  await app.expect(200, 'PATCH', `/api/v1/systems/${app.systemId}`, { requiresSecondApprover: false })
})

test('another tenant finds no plan and no restore, and restores nothing of it', async () => {
  const elsewhere = await testTenant(app.here.service, 'elsewhere')
  const stranger = await app.signer(['SYSTEM_ADMIN'], elsewhere)
  const plan = await app.plan({ scope: 'files' })
  const signed = { confirm: 'app', reason: 'a reason', signature: { password: 'whatever it is', totp: '000000', meaning: 'none' } }
  const { token } = stranger
  for (const [method, place, body] of [
    ['GET', `/api/v1/restore/plans/${plan.id}`, undefined],
    ['GET', `/api/v1/restore/${plan.id}`, undefined],
    ['POST', '/api/v1/restore/preview', { backupId: app.backupId }],
    ['POST', '/api/v1/restore/validate', { backupId: app.backupId }],
    ['POST', '/api/v1/restore/execute', { planId: plan.id, ...signed }],
    ['POST', `/api/v1/restore/plans/${plan.id}/approve`, signed],
    ['POST', `/api/v1/restore/${plan.id}/undo`, signed],
    ['POST', `/api/v1/restore/${plan.id}/release`, signed],
    ['POST', `/api/v1/restore/${plan.id}/cancel`, { reason: 'a reason' }],
  ] as const)
    assertProblem(await app.ask(method, place, { token, body }), 404, 'NOT_FOUND')
  assert.equal((await app.ask('GET', '/api/v1/restore/history', { token })).json.total, 0)
})

test('a validation says in plain words whether it would work; a preview names what is wrong with where it goes', async () => {
  const plan = await app.plan()
  for (const body of [{ backupId: app.backupId }, { planId: plan.id }]) {
    const { lines, result } = await app.expect(200, 'POST', '/api/v1/restore/validate', body)
    const resultOf = (wanted: string) => lines.find(({ subject }: { subject: string }) => subject === wanted)?.result
    assert.deepEqual(['backup', 'checksums', 'target', 'proofs'].map(resultOf), ['ok', 'ok', 'ok', 'warning'], JSON.stringify(lines))
    assert.equal(result, 'warning')
  }
  assertProblem(await app.ask('POST', '/api/v1/restore/validate', { body: {} }), 422, 'INPUT_INVALID')
  const preview = (more: object) => app.ask('POST', '/api/v1/restore/preview', { body: { backupId: app.backupId, ...more } })
  assertProblem(await preview({ databases: [{ name: 'main', url: 'postgresql://u:p@h/d' }] }), 422, 'DATABASE_URL_PASSWORD')
  assertProblem(await preview({ roots: [{ name: 'files', path: `${app.here.directory}/data/state` }] }), 422, 'INPUT_INVALID')
  assertProblem(await preview({ roots: [{ name: 'files', path: '/srv/../etc' }] }), 422, 'INPUT_INVALID')
  const unknown = await preview({ databases: [{ name: 'nothing' }] })
  const job = await app.ended(unknown.json.runId, 'failed')
  assert.equal(job.fault.code, 'INPUT_INVALID')
  assert.equal((await app.expect(200, 'GET', `/api/v1/restore/plans/${unknown.json.planId}`)).status, 'failed')
})
