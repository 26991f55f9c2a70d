import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { old, restored, RestoreWorld } from '#test/support/restore-world.ts'

let world: RestoreWorld
before(async () => {
  world = await RestoreWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const refuse = async () => {
  throw new Fault('CANCELLED', 'somebody else has it by now')
}

test('a restore that was refused its swap was never live; it is begun anew under its plan when that is said, and not otherwise', async () => {
  await world.makeOld()
  const id = systemRandom.uuid()
  const planned = await world.plan(id)
  assert.equal(planned.plan.restore, id)
  await assert.rejects(world.carryOut(planned, { confirmSwap: refuse }), { code: 'CANCELLED' })
  assert.deepEqual(await world.recovered('refused'), old)
  assert.equal(await world.recoverOne(id), 'abandoned')
  await assert.rejects(world.carryOut(planned), { code: 'PLAN_USED' })
  const other = await world.plan(id)
  await assert.rejects(world.carryOut({ ...other, plan: { ...other.plan, lossRowsMax: 7 } }, { isAgain: true }), { code: 'PLAN_STALE' })
  assert.equal((await world.carryOut(planned, { isAgain: true })).step, 'swapped')
  assert.deepEqual(await world.look(), restored)
  assert.equal(await world.recoverOne(id), 'swapped')
})

test('an undo has the id that it was given, and is begun anew in the same way', async () => {
  await world.makeOld()
  const { restore } = await world.run()
  const id = systemRandom.uuid()
  await assert.rejects(world.undo(restore, { id, confirmSwap: refuse }), { code: 'CANCELLED' })
  assert.deepEqual(await world.recovered('refused'), restored)
  await assert.rejects(world.undo(restore, { id }), { code: 'PLAN_USED' })
  assert.equal((await world.undo(restore, { id, isAgain: true })).restore, id)
  assert.deepEqual(await world.look(), old)
  await world.undo(id)
  assert.deepEqual(await world.look(), restored)
})
