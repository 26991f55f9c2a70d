import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '#base/limits.ts'
import { foreignAmong } from '#engine/backup/foreign.ts'
import { openSmall, smallPassword, smallRepository, store } from '#test/support/small-repository.ts'
import { checkRepository } from './check.ts'
import { checkpointsAmong, readCheckpoints, recordCheckpoint, trimCheckpoints, type SignedCheckpoint } from './checkpoints.ts'
import { executeForget, planForget } from './forget.ts'
import { isSignatureValid, proofKeyFrom, signedWith } from './proof-key.ts'

const installation = '0123456789abcdef0123456789abcdef'

function checkpoint(seq: number, of = installation): SignedCheckpoint {
  const said = { kind: 'audit-checkpoint', format: 1, installation: of, seq, hash: 'a'.repeat(64), at: '2026-03-01T12:00:00.000Z' } as const
  return signedWith(proofKeyFrom(Buffer.alloc(32, 7)), said)
}

test('a checkpoint comes back as it was signed, by the password alone', async () => {
  const { open, storage } = await smallRepository()
  await using repository = await open()
  await recordCheckpoint(repository, checkpoint(12))
  await recordCheckpoint(repository, checkpoint(7))
  const read = await readCheckpoints(storage, smallPassword)
  assert.deepEqual(
    read.map((one) => one.checkpoint),
    [checkpoint(7), checkpoint(12)],
  )
  assert.ok(read.every((one) => isSignatureValid(one.checkpoint)))
})

test('a checkpoint is no backup: not listed as one of another program, not forgotten, and a check finds nothing wrong', async () => {
  const { open, storage, clock } = await smallRepository({ start: new Date('2026-03-02T12:00:00Z') })
  await using repository = await open()
  for (const day of [1, 2])
    await store(
      repository,
      { day: `${day}` },
      ['integrum', 'system=emr', 'type=full', `backup=00000000-0000-4000-8000-00000000000${day}`],
      new Date(`2026-03-0${day}T01:00:00Z`),
    )
  await recordCheckpoint(repository, checkpoint(12))
  assert.deepEqual(foreignAmong(await repository.snapshots()), [])
  const plan = await planForget(repository, { kind: 'policy', policy: { last: 1 } })
  assert.deepEqual(plan.decisions.map(({ act }) => act).toSorted(), ['forget', 'keep'])
  await executeForget(repository, plan)
  await using later = await openSmall(storage, clock)
  assert.equal(checkpointsAmong(await later.snapshots()).length, 1)
  const report = await checkRepository({ storage, password: smallPassword, clock }, { depth: 'full' })
  assert.deepEqual(report.findings, [])
})

test('copies are few: the newest stay, those of another installation too, and a repository in use is left as it is', async () => {
  const { open } = await smallRepository()
  await using repository = await open()
  const many = 2 * limits.auditCopiesKept
  for (let seq = 1; seq <= many; seq += 1) await recordCheckpoint(repository, checkpoint(seq))
  await recordCheckpoint(repository, checkpoint(1, 'f'.repeat(32)))
  assert.equal(await trimCheckpoints(repository, installation), 0)
  await recordCheckpoint(repository, checkpoint(many + 1))
  assert.equal(await repository.reading(() => trimCheckpoints(repository, installation)), 0)
  assert.equal(await trimCheckpoints(repository, installation), many + 1 - limits.auditCopiesKept)
  const left = checkpointsAmong(await repository.snapshots())
  assert.equal(left.length, limits.auditCopiesKept + 1)
  assert.equal(left.at(-1)!.checkpoint.seq, many + 1)
})
