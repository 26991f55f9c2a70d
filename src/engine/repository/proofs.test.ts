import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { durations } from '#base/units.ts'
import { flippedAt, openSmall, overwrite, smallRepository, store } from '#test/support/small-repository.ts'
import { executeForget, planForget, type ForgetRequest } from './forget.ts'
import { signProof } from './proof-key.ts'
import { readProofs, recordProof, standingOf, type ProofHead } from './proofs.ts'
import type { Repository, Snapshot } from './repository.ts'

const uuid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`

/** Three backups of one system, one a day, the newest a day old. */
async function made() {
  const small = await smallRepository()
  const repository = await small.open()
  for (let day = 1; day <= 3; day += 1) {
    const time = new Date(small.clock.now().getTime() - (4 - day) * durations.day)
    await store(repository, { day: `${day}` }, ['integrum', 'system=emr', 'type=full', `backup=${uuid(day)}`], time)
  }
  const [first, second, third] = await repository.snapshots()
  return { ...small, repository, backups: [first!, second!, third!] as const }
}

function headOf(repository: Repository, backup: Snapshot, said: Partial<ProofHead> = {}): ProofHead {
  const id = backup.tags.find((tag) => tag.startsWith('backup='))!.slice('backup='.length)
  return {
    format: 1,
    kind: 'drill',
    id: uuid(9),
    repositoryId: repository.id,
    backup: { id, system: 'emr', tree: backup.tree },
    endedAt: '2026-03-01T12:00:00.000Z',
    outcome: 'proven',
    isBackupAtFault: false,
    ...said,
  }
}

const prove = (repository: Repository, backup: Snapshot, said: Partial<ProofHead> = {}) =>
  recordProof(repository, signProof(repository, headOf(repository, backup, said)))

async function standings(repository: Repository, backups: readonly Snapshot[]): Promise<string[]> {
  const proofs = await readProofs(repository, await repository.snapshots())
  return backups.map(({ tags }) => standingOf(tags.find((tag) => tag.startsWith('backup='))!.slice(7), proofs).state)
}

const lastOne: ForgetRequest = { kind: 'policy', policy: { last: 1 } }

test('SAFETY rule 28 a proof is a signed record in the repository: whoever opens it later knows what is proven', async () => {
  const { repository, backups, storage, clock } = await made()
  await prove(repository, backups[1])
  await prove(repository, backups[2], { kind: 'verify', outcome: 'intact' })
  await using later = await openSmall(storage, clock)
  assert.deepEqual(await standings(later, backups), ['unverified', 'proven', 'intact'])
})

test('SAFETY rule 28 the last proven backup of a system stays, whatever the policy and whoever asks by name', async () => {
  const { repository, backups } = await made()
  const old = await prove(repository, backups[0])
  const proof = await prove(repository, backups[1])
  const plan = await planForget(repository, lastOne)
  const acts = new Map(plan.decisions.map(({ snapshot, act, reasons }) => [snapshot, `${act}: ${reasons.join('; ')}`]))
  assert.deepEqual(
    [backups[0].id, old, backups[1].id, proof, backups[2].id].map((id) => acts.get(id)),
    [
      'forget: the policy does not keep it',
      'forget: what it proves goes',
      'keep: last proven backup of emr',
      'keep: its backup stays',
      'keep: last 1 of 1; last good backup of emr',
    ],
  )
  const chosen: ForgetRequest = { kind: 'chosen', snapshots: [backups[1].id] }
  await assert.rejects(
    planForget(repository, chosen),
    (error) => isFault(error, 'RETENTION_LAST_GOOD') && /last proven/.test(error.message),
  )
  const { forgotten } = await executeForget(repository, plan)
  assert.deepEqual(new Set(forgotten), new Set([backups[0].id, old]))
  const left = (await repository.snapshots()).map(({ id }) => id)
  assert.deepEqual(new Set(left), new Set([backups[1].id, proof, backups[2].id]))
})

test('SAFETY rule 28 a proof that came after the plan is seen inside the lock, and stops it', async () => {
  const { repository, backups } = await made()
  const plan = await planForget(repository, lastOne)
  await prove(repository, backups[0])
  await assert.rejects(executeForget(repository, plan), (error) => isFault(error, 'PLAN_STALE'))
  assert.equal((await repository.snapshots()).length, 4)
})

test('SAFETY rule 28 a backup that failed its drill is not good: the one before it stays as the last good one', async () => {
  const { repository, backups } = await made()
  await prove(repository, backups[2], { outcome: 'failed', isBackupAtFault: true })
  const plan = await planForget(repository, lastOne)
  const kept = plan.decisions.filter(({ act }) => act === 'keep').map(({ snapshot }) => snapshot)
  assert.ok(kept.includes(backups[1].id))
  await assert.rejects(planForget(repository, { kind: 'chosen', snapshots: [backups[1].id] }), (error) =>
    isFault(error, 'RETENTION_LAST_GOOD'),
  )
})

test('a backup that failed is so until a later proof says otherwise; a drill that the machine could not do says nothing', async () => {
  const { repository, backups } = await made()
  const at = (hour: number, said: Partial<ProofHead>) =>
    prove(repository, backups[0], { endedAt: `2026-03-01T0${hour}:00:00.000Z`, ...said })
  await at(1, { outcome: 'proven' })
  await at(2, { outcome: 'failed', isBackupAtFault: false })
  assert.equal((await standings(repository, backups))[0], 'proven')
  await at(3, { outcome: 'failed', isBackupAtFault: true })
  assert.equal((await standings(repository, backups))[0], 'failed')
  await at(4, { kind: 'verify', outcome: 'intact' })
  assert.equal((await standings(repository, backups))[0], 'intact')
  await at(5, { outcome: 'proven' })
  assert.equal((await standings(repository, backups))[0], 'proven')
})

test('SAFETY rule 28 a proof whose signature does not hold is ignored and named, and protects nothing', async () => {
  const { repository, backups } = await made()
  await using other = await (await smallRepository()).open()
  const signed = signProof(repository, headOf(repository, backups[0]))
  const forged: Record<string, unknown> = {
    'changed after': { ...signed, backup: { ...signed.backup, note: 'another' } },
    'another key': signProof(other, headOf(repository, backups[0])),
    'another backup': signProof(repository, { ...headOf(repository, backups[0]), repositoryId: 'f'.repeat(64) }),
    'no longer the one': signProof(repository, { ...headOf(repository, backups[0]), backup: { ...signed.backup, tree: 'f'.repeat(64) } }),
    'cannot be read': { ...signed, outcome: 'marvellous' },
  }
  for (const [reason, document] of Object.entries(forged)) {
    const snapshot = await recordProof(repository, document as typeof signed)
    const { held, refused } = await readProofs(repository, await repository.snapshots())
    assert.equal(held.length, 0)
    assert.ok(refused.find((one) => one.snapshot === snapshot)?.fact.includes(reason), `${reason}: ${refused.at(-1)?.fact}`)
  }
  const plan = await planForget(repository, lastOne)
  assert.equal(plan.decisions.find(({ snapshot }) => snapshot === backups[0].id)?.act, 'forget')
})

test('a damaged proof hides no other and stops no forgetting', async () => {
  const { repository, backups, storage, clock } = await made()
  const packsBefore = new Set((await Array.fromAsync(storage.list('data'))).map(({ name }) => name))
  await prove(repository, backups[0])
  for (const { name } of await Array.fromAsync(storage.list('data'))) {
    if (!packsBefore.has(name)) await overwrite(storage, name, flippedAt(40))
  }
  await prove(repository, backups[1])
  await using later = await openSmall(storage, clock)
  assert.deepEqual(await standings(later, backups), ['unverified', 'proven', 'unverified'])
  const { refused } = await readProofs(later, await later.snapshots())
  assert.deepEqual([refused.length, refused[0]?.backup], [1, uuid(1)])
  await planForget(later, lastOne)
})

test('of verifies that say the same of one backup a policy keeps the newest, of drills all, and none of a backup that is gone', async () => {
  const { repository, backups, storage } = await made()
  const proofs: SnapshotId[] = []
  for (const hour of [1, 2, 3]) {
    const endedAt = `2026-03-01T0${hour}:00:00.000Z`
    proofs.push(await prove(repository, backups[2], { kind: 'verify', outcome: 'intact', endedAt }))
    await prove(repository, backups[2], { endedAt })
  }
  const orphan = await prove(repository, backups[0])
  await storage.remove(`snapshots/${backups[0].id}`)
  const { forgotten } = await executeForget(repository, await planForget(repository, { kind: 'policy', policy: { last: 9 } }))
  assert.deepEqual(new Set(forgotten), new Set([proofs[0], proofs[1], orphan]))
})
