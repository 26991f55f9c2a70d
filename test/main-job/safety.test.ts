import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { endOf, workplace, type Workplace } from '#test/support/command-line.ts'

const dying = path.join(path.dirname(fileURLToPath(import.meta.url)), '../support/dying-command.ts')

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

/** A system of its own: a database with one row, a directory with one file, backed up. */
async function makeSystem(name: string): Promise<{ files: string; sources: string[] }> {
  const files = place.file(name)
  await mkdir(files)
  await writeFile(path.join(files, 'word'), 'backed up')
  await cluster.createDatabase(name)
  await cluster.psql(name, "create table t (word text); insert into t values ('backed up')")
  const sources = ['--database', `${name}=${cluster.url(name)}`, '--files', `${name}=${files}`]
  await place.expect(0, 'backup', '--system', name, ...sources)
  return { files, sources }
}

async function settingsFile(name: string, settings: unknown): Promise<string> {
  const file = place.file(`${name}-settings.json`)
  await writeFile(file, JSON.stringify(settings))
  return file
}

async function plan(name: string, ...words: string[]): Promise<string> {
  const file = place.file(`${name}-plan.json`)
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', name, '--out', file, ...words)
  return file
}

test('SAFETY rule 15: each database has its own instant, and each stands in the manifest', async () => {
  const { sources } = await makeSystem('two')
  await cluster.createDatabase('second')
  const backup = await place.expect(0, 'backup', '--system', 'two', ...sources, '--database', `second=${cluster.url('second')}`)
  const shown = await place.expect(0, 'backups', 'show', backup.json['backup'])
  const instants = shown.json['manifest'].databases.map((database: { instant: string }) => database.instant)
  assert.equal(new Set(instants).size, 2)
  const [root] = shown.json['manifest'].roots
  assert.ok(
    instants.every((instant: string) => instant <= root.instant),
    'the files are read from the last instant on',
  )
})

test('SAFETY rule 4: an undo has a copy of its own journal beside the root, and the one of its restore goes', async () => {
  await makeSystem('copied')
  const restored = await place.expect(0, 'restore', 'run', await plan('copied'), '--confirm', 'copied')
  const undo = await place.expect(0, 'restore', 'undo', restored.json['restore'], '--confirm', 'copied')
  const names = (await readdir(place.directory)).filter((name) => /^\.integrum-[0-9a-f]{12}-journal$/.test(name))
  const copies = await Promise.all(names.map(async (name) => JSON.parse(await readFile(place.file(name), 'utf8'))))
  assert.deepEqual(
    copies.filter(({ system }) => system === 'copied').map(({ restore, kind }) => [restore, kind]),
    [[undo.json['restore'], 'undo']],
  )
})

test('SAFETY rule 25: rows written between plan and fence are counted, and too many of them give the swap up', async () => {
  const { files } = await makeSystem('loss')
  // The hook runs just before the fence: an application that wrote until the last moment.
  const write = [
    'psql',
    '-q',
    '-h',
    cluster.socketDirectory,
    '-U',
    cluster.user,
    '-d',
    'loss',
    '-c',
    "insert into t select 'late' from generate_series(1, 7)",
  ]
  const settings = await settingsFile('loss', { hooks: { beforeSwap: { command: write } } })
  const refused = await place.integrum(
    'restore',
    'run',
    await plan('loss', '--settings', settings, '--loss-rows-max', '6'),
    '--confirm',
    'loss',
  )
  assert.equal(refused.json['error']?.code, 'RESTORE_LOSS', refused.stderr)
  assert.equal((await cluster.psql('loss', 'select count(*) from t')).trim(), '8', 'the live database is open and as it was')
  assert.deepEqual((await readdir(files)).toSorted(), ['word'])

  const allowed = await place.expect(
    0,
    'restore',
    'run',
    await plan('loss', '--settings', settings, '--loss-rows-max', '100'),
    '--confirm',
    'loss',
  )
  assert.equal(allowed.json['rowsWrittenMeanwhile'], 7)
  const receipt = JSON.parse(await readFile(path.join(place.state, 'restores', allowed.json['restore'], 'receipt.json'), 'utf8'))
  assert.equal(receipt.loss.rowsWrittenMeanwhile, 7)
  assert.equal(receipt.signature, 'unsigned')

  // SAFETY rule 10: they are in what is kept, and the release backs that up before it drops it.
  const released = await place.expect(0, 'restore', 'release', allowed.json['restore'], '--confirm', 'loss')
  const kept = await place.expect(0, 'backups', 'tables', released.json['releaseBackup'])
  assert.equal(kept.json['tables'][0].rows, 15)
})

test('SAFETY rule 12: the safety backup holds what was live, is tagged as one, and is not what "latest" means', async () => {
  const { files } = await makeSystem('safe')
  await cluster.psql('safe', "update t set word = 'live'")
  await writeFile(path.join(files, 'word'), 'live')
  const restored = await place.expect(0, 'restore', 'run', await plan('safe'), '--confirm', 'safe')
  const listed = await place.expect(0, 'backups', 'list', '--system', 'safe')
  const safety = listed.json['backups'].find((backup: { backup: string }) => backup.backup === restored.json['safetyBackup'])
  assert.equal(safety.purpose, 'safety')
  const { stdout } = await place.integrum('dump', 'files/safe/word', '--backup', safety.backup)
  assert.equal(stdout, 'live')
  const latest = await place.expect(0, 'backups', 'show', 'latest', '--system', 'safe')
  assert.notEqual(latest.json['backup'], safety.backup)
})

test('SAFETY rule 11: an undo says what would be gone, wants the name typed, and can itself be undone', async () => {
  await makeSystem('undone')
  await cluster.psql('undone', "update t set word = 'live'")
  const restored = await place.expect(0, 'restore', 'run', await plan('undone'), '--confirm', 'undone')
  const refused = await place.integrum('restore', 'undo', restored.json['restore'], '--confirm', 'something')
  assert.equal(refused.json['error']?.code, 'CONFIRMATION_MISMATCH')
  const undo = await place.expect(0, 'restore', 'undo', restored.json['restore'], '--confirm', 'undone')
  assert.match(undo.stderr, /LOST +every change to rows of undone since 20/)
  assert.equal((await cluster.psql('undone', 'select word from t')).trim(), 'live')
  const twice = await place.integrum('restore', 'undo', restored.json['restore'], '--confirm', 'undone')
  assert.equal(twice.json['error']?.code, 'RESTORE_STATE')
  await place.expect(0, 'restore', 'undo', undo.json['restore'], '--confirm', 'undone')
  assert.equal((await cluster.psql('undone', 'select word from t')).trim(), 'backed up')
})

test('SAFETY rule 5: a process that has the directory open stops the plan, unless hooks stop it', async () => {
  const { files } = await makeSystem('busy')
  const child = spawn('sleep', ['600'], { cwd: files, stdio: 'ignore' })
  try {
    const refused = await place.integrum('restore', 'plan', '--backup', 'latest', '--system', 'busy', '--out', place.file('busy.json'))
    assert.equal(refused.json['error']?.code, 'ROOT_IN_USE')
    assert.match(refused.json['error'].fact, new RegExp(`sleep.*${child.pid}`))
    const hooks = { beforeSwap: { command: ['kill', String(child.pid)] }, afterSwap: { command: ['true'] } }
    const file = await plan('busy', '--settings', await settingsFile('busy', { hooks }))
    await place.expect(0, 'restore', 'run', file, '--confirm', 'busy')
    assert.notEqual(child.signalCode ?? (await endOf(child)).signal, null, 'the hook ended it')
  } finally {
    child.kill()
  }
})

test('SAFETY rule 4: a restore that died is finished from the copies of its journal, by a machine that knows nothing else', async () => {
  const { files } = await makeSystem('adopt')
  await cluster.psql('adopt', "update t set word = 'live'")
  await writeFile(path.join(files, 'word'), 'live')
  const copies = async () => (await readdir(place.directory)).filter((name) => /^\.integrum-[0-9a-f]{12}-journal$/.test(name))
  const before = new Set(await copies())
  const words = ['restore', 'run', await plan('adopt'), '--confirm', 'adopt', '--no-safety-backup', '--reason', 'a test']
  // Die at the first write of the journal that has copies beside the roots already: the swap has begun.
  let copy: string | undefined
  for (let at = 6; copy === undefined; at += 1) {
    assert.ok(at < 30)
    const end = await endOf(place.start(words, { file: dying, args: [String(at), 'after'] }))
    assert.equal(end.signal, 'SIGKILL')
    copy = (await copies()).find((name) => !before.has(name))
    if (copy === undefined) await place.expect(0, 'restore', 'recover')
    if (copy === undefined) words[2] = await plan('adopt')
  }
  await rm(place.state, { recursive: true })
  const recovered = await place.expect(0, 'restore', 'recover', '--journal', place.file(copy), '--server', cluster.url('postgres'))
  assert.equal(recovered.json['recovered'].length, 1)
  assert.equal(recovered.json['recovered'][0].before, 'swapping')
  const word = (await cluster.psql('adopt', 'select word from t')).trim()
  assert.equal(await readFile(path.join(files, 'word'), 'utf8'), word, 'database and files are both old or both new')
})

test('files that rows name and that are not there are gaps, each named, and the backup says so with its exit code', async () => {
  const { files, sources } = await makeSystem('named')
  await cluster.psql(
    'named',
    String.raw`create table document (id int, path text, size int generated always as (1) stored);
    insert into document values (1, '/data/word', default), (2, '/data/gone.pdf', default), (3, null, default), (4, E'/data/tab\there', default)`,
  )
  await writeFile(path.join(files, 'tab\there'), 'x')
  const reference = { database: 'named', table: 'document', column: 'path', root: 'named', prefix: '/data/' }
  const settings = await settingsFile('named', { fileReferences: [reference] })
  const backup = await place.expect(3, 'backup', '--system', 'named', ...sources, '--settings', settings)
  assert.equal(backup.json['status'], 'completed_with_gaps')
  assert.equal(backup.json['gaps'], 1)
  assert.match(backup.json['gapList'][0].what, /public\.document\.path: \/data\/gone\.pdf/)
  const wrong = await settingsFile('wrong', { fileReferences: [{ ...reference, column: 'nowhere' }] })
  const refused = await place.integrum('backup', '--system', 'named', ...sources, '--settings', wrong)
  assert.equal(refused.json['error']?.code, 'INPUT_INVALID')
})

test('hooks run before and after a backup, after also when it fails, and their failure is the backup’s', async () => {
  const { sources } = await makeSystem('hooked')
  const trace = place.file('trace')
  const say = (word: string) => ({ command: ['sh', '-c', `echo ${word} >> ${trace}`] })
  const good = await settingsFile('good', { hooks: { beforeBackup: say('before'), afterBackup: say('after') } })
  await place.expect(0, 'backup', '--system', 'hooked', ...sources, '--settings', good)
  const failing = await place.integrum('backup', '--system', 'hooked', '--files', `x=${place.file('nowhere')}`, '--settings', good)
  assert.equal(failing.json['error']?.code, 'ROOT_NOT_FOUND')
  assert.equal(await readFile(trace, 'utf8'), 'before\nafter\nbefore\nafter\n')
  const bad = await settingsFile('bad', { hooks: { beforeBackup: { command: ['sh', '-c', 'echo cannot stop >&2; exit 4'] } } })
  const refused = await place.integrum('backup', '--system', 'hooked', ...sources, '--settings', bad)
  assert.equal(refused.json['error']?.code, 'HOOK_FAILED')
  assert.match(refused.json['error'].fact, /cannot stop/)
})

test('a hook that fails before the swap leaves the live system as it was; one that fails after it does not hide that it is live', async () => {
  await makeSystem('stopping')
  await cluster.psql('stopping', "update t set word = 'live'")
  const failing = { command: ['sh', '-c', 'exit 9'] }
  const before = await plan('stopping', '--settings', await settingsFile('before', { hooks: { beforeSwap: failing } }))
  const refused = await place.integrum('restore', 'run', before, '--confirm', 'stopping')
  assert.equal(refused.json['error']?.code, 'HOOK_FAILED')
  assert.equal((await cluster.psql('stopping', 'select word from t')).trim(), 'live')
  const restores = (await place.expect(0, 'restore', 'list')).json['restores']
  assert.equal(restores.at(-1).step, 'abandoned')
  assert.equal((await cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_stage'")).trim(), '0')

  const after = await plan('stopping', '--settings', await settingsFile('after', { hooks: { afterSwap: failing } }))
  const told = await place.integrum('restore', 'run', after, '--confirm', 'stopping')
  assert.equal(told.json['error']?.code, 'HOOK_FAILED')
  assert.equal((await cluster.psql('stopping', 'select word from t')).trim(), 'backed up')
  const last = (await place.expect(0, 'restore', 'list')).json['restores'].at(-1)
  assert.equal(last.step, 'swapped')
  assert.match(await readFile(path.join(place.state, 'restores', last.restore, 'receipt.json'), 'utf8'), /"swappedAt": "/)
})

test('own assertions that do not hold keep a restore from going live', async () => {
  await makeSystem('asserted')
  await cluster.psql('asserted', "update t set word = 'live'")
  const assertion = { database: 'asserted', name: 'somebody is there', sql: 'select count(*) > 1 from t' }
  const file = await plan('asserted', '--settings', await settingsFile('asserted', { assertions: [assertion] }))
  const refused = await place.integrum('restore', 'run', file, '--confirm', 'asserted')
  assert.equal(refused.json['error']?.code, 'RESTORE_VERIFY')
  assert.match(refused.json['error'].fact, /somebody is there/)
  assert.equal((await cluster.psql('asserted', 'select word from t')).trim(), 'live')
})

test('to another place: another database, another directory, the files alone, chosen tables', async () => {
  const { files } = await makeSystem('moved')
  await cluster.psql('moved', 'create table other (a int)')
  const elsewhere = place.file('elsewhere/deep')
  const both = await plan('moved', '--database', `moved=${cluster.url('moved_copy')}`, '--files', `moved=${elsewhere}`)
  const told = await place.expect(0, 'restore', 'run', both, '--confirm', 'moved')
  assert.equal(told.json['safetyBackup'], null, 'there was nothing to save')
  assert.equal((await cluster.psql('moved_copy', 'select word from t')).trim(), 'backed up')
  assert.equal(await readFile(path.join(elsewhere, 'word'), 'utf8'), 'backed up')
  assert.equal((await cluster.psql('moved', "select to_regclass('other') is not null")).trim(), 't', 'the live one is untouched')

  await writeFile(path.join(files, 'word'), 'live')
  await place.expect(0, 'restore', 'run', await plan('moved', '--only', 'files'), '--confirm', 'moved')
  assert.equal(await readFile(path.join(files, 'word'), 'utf8'), 'backed up')

  const chosen = await plan('moved', '--database', `moved=${cluster.url('moved_table')}`, '--table', 'public.t')
  await place.expect(0, 'restore', 'run', chosen, '--confirm', 'moved')
  assert.equal((await cluster.psql('moved_table', 'select count(*) from t')).trim(), '1')

  // An undo of a restore to where nothing was leaves nothing there again.
  await place.expect(0, 'restore', 'undo', told.json['restore'], '--confirm', 'moved')
  assert.equal((await cluster.psql('postgres', "select count(*) from pg_database where datname = 'moved_copy'")).trim(), '0')
})
