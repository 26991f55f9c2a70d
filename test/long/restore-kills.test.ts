import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KilledRestores, type Seen } from '#test/support/killed-restore.ts'
import { run } from '#host/run.ts'

let restores: KilledRestores
before(async () => {
  restores = await KilledRestores.make()
})
after(async () => {
  const { place } = restores
  // The locks of those that were killed stand for half an hour.
  const restic = await run('restic', ['-r', place.repository, '--no-cache', '--no-lock', 'check', '--read-data'], {
    env: { PATH: process.env['PATH'], HOME: place.directory, RESTIC_PASSWORD_FILE: place.passwordFile },
  })
  await restores[Symbol.asyncDispose]()
  assert.equal(restic.exitCode, 0, restic.stderr)
})

/** Until there is no nth write any more. */
async function killEverywhere(kill: (nth: number) => Promise<Seen | undefined>): Promise<{ outcomes: Set<string>; points: number }> {
  const outcomes = new Set<string>()
  for (let nth = 1; ; nth += 1) {
    const seen = await kill(nth)
    if (!seen) {
      assert.ok(nth > 4, `only ${nth} writes of the journal were tried`)
      return { outcomes, points: nth - 1 }
    }
    outcomes.add(seen.files)
  }
}

// Every write of the journal announces or records a step: dying at each of them is dying between any two steps.
for (const when of ['before', 'after'] as const) {
  test(`SAFETY rule 3: killed ${when} each write of the journal of a restore, recover leaves old or new, whole`, async (context) => {
    const { outcomes, points } = await killEverywhere((nth) => restores.killedRun(nth, when))
    assert.deepEqual([...outcomes].toSorted(), ['backed up', 'live'], 'some deaths came before the decision and some after it')
    await restores.place.expect(0, 'repository', 'check', '--read-data')
    context.diagnostic(`killed ${points} times`)
  })
}

test('killed after each write of the journal of an undo, recover leaves the restored state or the one before it, whole', async (context) => {
  const { points } = await killEverywhere((nth) => restores.killedUndo(nth, 'after'))
  context.diagnostic(`killed ${points} times`)
})
