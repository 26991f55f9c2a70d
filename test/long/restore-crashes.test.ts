import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { dyingAt } from '#test/support/dying.ts'
import { old, restored, RestoreWorld, type Seen } from '#test/support/restore-world.ts'
import { newSeed } from '#test/support/seed.ts'

const seed = newSeed()
let world: RestoreWorld
before(async () => {
  world = await RestoreWorld.make()
})
after(async () => {
  const restic = await run('restic', ['-r', world.repositoryPlace, '--no-cache', 'check', '--read-data'], {
    env: { PATH: process.env['PATH'], HOME: world.place, RESTIC_PASSWORD_FILE: world.passwordFile },
  })
  await world[Symbol.asyncDispose]()
  assert.equal(restic.exitCode, 0, restic.stderr)
})

/** Dies at every step, or, where there are many, at a share of them by chance; returns what was found after each. */
async function sweep({ steps, pointsMax }: { steps: number; pointsMax: number }, dieAt: (nth: number) => Promise<Seen>): Promise<Seen[]> {
  const chosen = Array.from({ length: steps }, (_, at) => at + 1)
  while (chosen.length > pointsMax) chosen.splice(seed.below(chosen.length), 1)
  const found: Seen[] = []
  for (const nth of chosen) {
    found.push(await dieAt(nth))
  }
  return found
}

function assertWhole(seen: Seen, what: string): void {
  const isWhole = [old, restored].some((one) => one.database === seen.database && one.files === seen.files)
  assert.ok(isWhole, `${what}: ${JSON.stringify(seen)}`)
}

test('SAFETY rule 3 a restore that dies at any statement or any change of the disk is old or new, whole, after recover', async (context) => {
  await world.makeOld()
  const whole = await dyingAt(Infinity, world.place, () => world.run())
  assert.deepEqual(await world.look(), restored)
  const found = await sweep({ steps: whole.steps.length, pointsMax: 70 }, async (nth) => {
    await world.makeOld()
    const death = await dyingAt(nth, world.place, () => world.run())
    assert.ok(death.isDead, `step ${nth} was never reached`)
    const what = `dead at step ${nth} of ${whole.steps.length}, after ${death.steps.at(-1)}`
    const seen = await world.recovered(what)
    assertWhole(seen, what)
    return seen
  })
  const outcomes = new Set(found.map(({ files }) => files))
  assert.equal(outcomes.size, 2, 'some deaths came before the decision and some after it')
  context.diagnostic(`run: ${found.length} crash points of ${whole.steps.length} steps, SWEEP_SEED=${seed.value}`)
})

test('SAFETY rule 11 an undo that dies anywhere is the restored state or the one before it, and what was kept stands', async (context) => {
  const whole = await afterRun((id) => dyingAt(Infinity, world.place, () => world.undo(id)))
  assert.deepEqual(await world.look(), old)
  // An undo can itself be undone: so the next one to die is of whatever is live.
  const found = await sweep({ steps: whole.steps.length, pointsMax: 70 }, async (nth) => {
    const id = await world.live(`before step ${nth}`)
    const death = await dyingAt(nth, world.place, () => world.undo(id))
    assert.ok(death.isDead, `step ${nth} was never reached`)
    const what = `undo dead at step ${nth}, after ${death.steps.at(-1)}`
    const seen = await world.recovered(what)
    assertWhole(seen, what)
    assert.deepEqual(await world.kept(), { databases: 1, directories: 1 }, what)
    return seen
  })
  context.diagnostic(`undo: ${found.length} crash points of ${whole.steps.length} steps, SWEEP_SEED=${seed.value}`)
})

test('SAFETY rule 10 a release that dies anywhere is finished by recover or can be asked for again, and live is untouched', async (context) => {
  const whole = await afterRun((id) => dyingAt(Infinity, world.place, () => world.release(id)))
  const found = await sweep({ steps: whole.steps.length, pointsMax: 15 }, async (nth) => {
    const death = await afterRun((id) => dyingAt(nth, world.place, () => world.release(id)))
    const what = `release dead at step ${nth}, after ${death.steps.at(-1)}`
    const seen = await world.recovered(what)
    assert.deepEqual(seen, restored, what)
    const { databases, directories } = await world.kept()
    assert.equal(databases, directories, `${what}: half of what was kept is gone`)
    return seen
  })
  context.diagnostic(`release: ${found.length} crash points of ${whole.steps.length} steps, SWEEP_SEED=${seed.value}`)
})

async function afterRun<T>(work: (id: string) => Promise<T>): Promise<T> {
  await world.makeOld()
  const { restore } = await world.run()
  assert.deepEqual(await world.look(), restored)
  return await work(restore)
}
