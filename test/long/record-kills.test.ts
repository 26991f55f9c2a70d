import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { recoverChangeSets } from '#engine/entities/apply-change-set.ts'
import { isChangeSet, ChangeJournal } from '#engine/entities/change-journal.ts'
import { EntityWorld, type Planned } from '#test/support/entity-world.ts'
import { newSeed } from '#test/support/seed.ts'
import { copyTree, treeDiff } from '#test/support/trees.ts'

const settings = systemSettingsSchema.parse({
  fileReferences: [{ database: 'main', table: 'paper', column: 'path', root: 'files' }],
  entities: { kinds: { person: { table: 'person', key: 'mrn' } } },
})

const schemaSql = `
  create table person (id int primary key, mrn text unique, name text);
  create table paper (id int primary key, person int not null references person on delete cascade, path text);
  insert into person select g, 'M' || g, 'name' from generate_series(1, 3) g;
  insert into paper select g, 1 + g % 3, 'dir' || g % 2 || '/' || g from generate_series(1, 30) g;`

let world: EntityWorld
let files: string
before(async () => {
  world = await EntityWorld.make()
  files = world.shop.at('live')
  await world.cluster.createDatabase('live')
  await world.cluster.psql('live', schemaSql)
  for (const folder of ['dir0', 'dir1']) await mkdir(path.join(files, folder), { recursive: true })
  for (let paper = 1; paper <= 30; paper += 1) await writeFile(path.join(files, `dir${paper % 2}/${paper}`), `paper ${paper}`)
})
after(() => world[Symbol.asyncDispose]())

const rows = () =>
  world.cluster.psql(
    'live',
    "select string_agg(t, '|' order by t) from (select person::text as t from person union all select paper::text from paper) x",
  )

/** What somebody outside sees of it: the journal, and the files that come and go. */
async function seen(restore: string): Promise<string> {
  const folder = path.join(world.stateDirectory, 'change-sets', restore)
  const listed = await Promise.all([folder, path.join(files, 'dir0'), path.join(files, 'dir1')].map((one) => readdir(one).catch(() => [])))
  return JSON.stringify([listed, await readFile(path.join(folder, 'journal.json'), 'utf8').catch(() => '')])
}

/** Killed with -9 when so many changes of it were seen. */
async function killed({ folder, changeSet }: Planned, changes: number): Promise<void> {
  const args = [
    'restore',
    'run',
    folder,
    '--confirm',
    'live',
    '--repository',
    world.shop.at('repository'),
    '--password-file',
    world.passwordFile,
  ]
  const child = spawn('bin/integrum', [...args, '--state', world.stateDirectory], { stdio: 'ignore', detached: true })
  const exited = once(child, 'exit')
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  let last = await seen(changeSet.restore)
  for (let left = changes; left > 0 && !isOver();) {
    await systemClock.sleep(1)
    const now = await seen(changeSet.restore)
    if (now !== last) left -= 1
    last = now
  }
  if (!isOver()) process.kill(-child.pid!, 'SIGKILL')
  await exited
}

/** As often as it takes: the server has to notice first that whoever was killed, and holds the locks, is gone. */
async function recover(): Promise<void> {
  const patience = AbortSignal.timeout(60_000)
  for (;;) {
    try {
      await recoverChangeSets(world.stateDirectory, systemClock, patience)
      return
    } catch (error) {
      if (!isFault(error, 'TARGET_BUSY')) throw error
      await systemClock.sleep(100, patience)
    }
  }
}

test('SAFETY rule 31: INV-912 killed at any moment, a record is as it was or as it is to be, rows and files alike, and undo takes it back', async (context) => {
  const { value: seed, below: pick } = newSeed()
  context.diagnostic(`SWEEP_SEED=${seed}`)
  const backup = await world.backUp('live', files)
  const yesterday = { rows: await rows(), tree: world.shop.at('tree-yesterday') }
  await copyTree(files, yesterday.tree)
  await world.cluster.psql(
    'live',
    "delete from paper where person = 1 and id < 12; update person set name = 'changed' where id = 1; insert into paper values (99, 1, 'dir0/99')",
  )
  await writeFile(path.join(files, 'dir1/15'), 'changed')
  await writeFile(path.join(files, 'dir0/99'), 'since')
  for (const gone of ['dir1/3', 'dir0/6']) await rm(path.join(files, gone))
  const now = { rows: await rows(), tree: world.shop.at('tree-now') }
  await copyTree(files, now.tree)
  const outcomes = { old: 0, new: 0 }
  for (let round = 0; round < 25; round += 1) {
    const planned = await world.plan({ database: 'live', backup, settings, files, entities: [{ kind: 'person', key: 'M1' }] })
    assert.deepEqual(
      planned.changeSet.files.map(({ adds, replaces, removes }) => [adds, replaces, removes]),
      [[2, 1, 1]],
    )
    await killed(planned, 1 + pick(14))
    await recover()
    const { restore } = planned.changeSet
    const state = isChangeSet(world.stateDirectory, restore) ? (await ChangeJournal.open(world.stateDirectory, restore)).state : undefined
    const where = `round ${round} of seed ${seed}: ${state?.step ?? 'not begun'}`
    if (state?.step === 'done') {
      outcomes.new += 1
      assert.equal(await rows(), yesterday.rows, where)
      assert.match(await treeDiff(yesterday.tree, files, '--no-dirmtime'), /^IDENTICAL$/m, where)
      await world.undo(planned)
    } else outcomes.old += 1
    assert.equal(await rows(), now.rows, where)
    // Killed between a rename and what gives its directory the time back, only that time is another one.
    const told = await treeDiff(now.tree, files, '--no-dirmtime')
    assert.match(told, /^IDENTICAL$/m, `${where}\n${told}`)
  }
  context.diagnostic(`${outcomes.old} as it was, ${outcomes.new} as it is to be`)
  assert.ok(outcomes.old > 0 && outcomes.new > 0, 'some of both')
  assert.equal(await readFile(path.join(files, 'dir0/99'), 'utf8'), 'since')
})
