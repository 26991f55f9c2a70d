import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { closureOf, type EntityWish } from '#engine/entities/closure.ts'
import { countFiles } from '#engine/entities/count-files.ts'
import { discover } from '#engine/entities/discover.ts'
import { filesOfEntity } from '#engine/entities/entity-files.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { anyDepth, PathSelection } from '#engine/entities/path-selection.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
})
after(() => cluster.stop())

/** Study A has what is hard to tell from others: wildcards, a code that others begin with, shared and outside files. */
const studiesSql = `
  create table study (id int primary key, code text not null unique, logo text);
  create table patient (id int primary key, study_id int not null references study on delete cascade, mrn text not null);
  create table document (id int, patient_id int not null references patient on delete cascade, path text, primary key (id, patient_id))
    partition by hash (patient_id);
  create table document_0 partition of document for values with (modulus 2, remainder 0);
  create table document_1 partition of document for values with (modulus 2, remainder 1);
  insert into study values (1, 'A', '/srv/logos/shared.png'), (2, 'AB', '/srv/logos/shared.png'), (3, '*', null), (4, '..', 'logos/d.png'),
    (5, 'x/y', null), (6, '', null), (7, 'é', '/etc/passwd');
  insert into patient select id, id, 'M' || id from study;
  insert into document values (1, 1, 'scans/a1.png'), (2, 1, 'scans/both.png'), (3, 1, '../secret'), (4, 1, 'a//b'), (5, 1, null), (6, 1, 'A*.png'),
    (1, 2, 'scans/ab1.png'), (2, 2, 'scans/both.png'), (3, 2, 'A/named-by-ab.txt'), (1, 3, 'scans/star.png')`

const settings = systemSettingsSchema.parse({
  fileReferences: [
    { database: 'main', table: 'document_0', column: 'path', root: 'files' },
    { database: 'main', table: 'document_1', column: 'path', root: 'files' },
    { database: 'main', table: 'study', column: 'logo', root: 'files', prefix: '/srv' },
    { database: 'other', table: 'nowhere', column: 'logo', root: 'files' },
  ],
  entities: {
    files: [
      { table: 'study', root: 'files', pattern: '{code}/**' },
      { table: 'study', root: 'files', pattern: 'exports/*/study-{code}.csv' },
      { database: 'other', table: 'nowhere', root: 'files', pattern: '{code}' },
      { table: 'patient', root: 'faces', pattern: '**/{mrn}' },
    ],
  },
})

async function filesOf(database: string, wishes: readonly EntityWish[], given = settings) {
  await using connection = await connect(cluster.target(database))
  return await inOneView(connection, async () => {
    const { model } = await discover(connection, given.entities ?? noModel, 'main')
    const closure = await closureOf(connection, model, wishes)
    return await filesOfEntity(connection, closure, { model, fileReferences: given.fileReferences, source: 'main' })
  })
}

const study = (key: string) => ({ kind: 'study', key })

test('INV-905 INV-906 a file belongs to an entity by its rows alone; one that other rows name is not its own; no value leads to the files of another', async () => {
  await cluster.createDatabase('studies')
  await cluster.psql('studies', studiesSql)
  const { roots, refused } = await filesOf('studies', [study('A')])
  const files = roots.get('files')!
  const judged = (text: string) => (!files.isSelected(byteStringOf(text)) ? 'no' : files.isOwn(byteStringOf(text)) ? 'own' : 'needed')
  const expected = {
    'scans/a1.png': 'own',
    'scans/both.png': 'needed',
    'logos/shared.png': 'needed',
    'A*.png': 'own',
    'AB.png': 'no',
    'scans/ab1.png': 'no',
    scans: 'no',
    A: 'no',
    'A/deep/er.txt': 'own',
    'A/named-by-ab.txt': 'needed',
    'AB/x.txt': 'no',
    'exports/2026/study-A.csv': 'own',
    'exports/2026/study-AB.csv': 'no',
    'exports/2026/more/study-A.csv': 'no',
    secret: 'no',
    'a/b': 'no',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((text) => [text, judged(text)])), expected)
  assert.deepEqual(
    ['scans', 'A', 'AB', 'exports', 'exports/1', 'exports/1/2', 'logos', 'A/deep'].map((text) => files.mayHold(byteStringOf(text))),
    [true, true, false, true, true, false, true, true],
  )
  assert.deepEqual(refused, [
    {
      root: 'files',
      what: 'public.document_0.path, public.document_1.path, public.study.logo',
      count: 2,
      first: ['../secret', 'a//b'],
    },
  ])
  const faces = roots.get('faces')!
  assert.deepEqual(
    ['M1', 'x/y/M1', 'x/M1/face.png', 'x/M2', 'M11'].map((text) => faces.isOwn(byteStringOf(text))),
    [true, true, true, false, false],
  )
  assert.equal(faces.mayHold(byteStringOf('any/where')), true)
})

test('INV-906 a wildcard, a slash, two dots or nothing in a value selects what is so called, or nothing, and is named', async () => {
  const star = (await filesOf('studies', [study('*')])).roots.get('files')!
  assert.deepEqual(
    ['*/x', 'A/x', 'AB/x', 'exports/1/study-*.csv', 'exports/1/study-A.csv'].map((text) => star.isSelected(byteStringOf(text))),
    [true, false, false, true, false],
  )
  for (const [code, value] of [
    ['..', '..'],
    ['x/y', 'x/y'],
    ['', ''],
  ] as const) {
    const { roots, refused } = await filesOf('studies', [study(code)])
    const patterns = refused.filter(({ what }) => what === 'public.study: {code}/**')
    assert.deepEqual(patterns, [{ root: 'files', what: 'public.study: {code}/**', count: 1, first: [value] }])
    const files = roots.get('files')!
    assert.ok(!['x', 'A/x', 'x/y/z', '../x'].some((text) => files.isSelected(byteStringOf(text))), code)
  }
  // An absolute path that does not begin as the paths of this root do is somewhere else.
  const accent = await filesOf('studies', [study('é')])
  assert.deepEqual(
    accent.refused.map(({ first }) => first),
    [['/etc/passwd']],
  )
  assert.equal(accent.roots.get('files')!.isOwn(byteStringOf('é/x')), true)
  assert.equal(accent.roots.get('files')!.isSelected('\xe9/x' as ByteString), false)
})

test('two that are given together own what both name', async () => {
  const { roots } = await filesOf('studies', [study('A'), study('AB')])
  const files = roots.get('files')!
  assert.deepEqual(
    ['scans/both.png', 'logos/shared.png', 'A/named-by-ab.txt', 'scans/star.png'].map((text) => files.isOwn(byteStringOf(text))),
    [true, true, true, false],
  )
})

test('a setting that names what is not there, or could not keep entities apart, is refused with its place', async () => {
  const told = async (more: object) =>
    await filesOf('studies', [study('A')], systemSettingsSchema.parse(more)).then(
      () => 'nothing',
      (error: { code?: string; message: string }) => `${error.code} ${error.message}`,
    )
  const files = (one: object) => ({ entities: { files: [{ table: 'study', root: 'files', ...one }] } })
  assert.equal(await told(files({ pattern: '{name}/**' })), 'ENTITY_MODEL entities.files: the table public.study has no column name')
  assert.match(await told(files({ table: 'gone', pattern: '{code}' })), /^ENTITY_MODEL entities.files: there is no table public.gone/)
  const reference = { database: 'main', table: 'document', column: 'gone', root: 'files' }
  assert.match(await told({ fileReferences: [reference] }), /^ENTITY_MODEL fileReferences: the table public.document has no column gone/)
  for (const pattern of ['{code}*', '**', 'a/b', '../{code}', '/{code}', '{code}/', '{code', '{}/x', '?{code}', 'a**/{code}'])
    assert.equal(systemSettingsSchema.safeParse(files({ pattern })).success, false, pattern)
})

test('files below a live root are counted as a backup takes them', async () => {
  await using root = await temporaryDirectory()
  for (const [name, text] of Object.entries({ 'A/one': '1', 'A/tmp/two': '22', 'A/three': '333', 'B/four': '4444' })) {
    await mkdir(path.dirname(path.join(root.path, name)), { recursive: true })
    await writeFile(path.join(root.path, name), text)
  }
  const selection = new PathSelection()
  selection.addPattern([byteStringOf('A'), anyDepth], true)
  selection.addPath(byteStringOf('A/three'), false)
  assert.deepEqual(await countFiles({ path: root.path, exclude: ['**/tmp'] }, selection), { own: 1, needed: 1, bytes: 4 })
})
