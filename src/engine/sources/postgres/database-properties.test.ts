import { test } from 'node:test'
import assert from 'node:assert/strict'
import { testCluster } from '#test/support/postgres.ts'
import { connectMaintenance } from './maintenance.ts'
import {
  databaseProperties,
  parseAclItem,
  propertyStatements,
  settingStatements,
  splitQuotedList,
  stagePropertiesOf,
} from './database-properties.ts'

test('a privilege is read whatever characters the names hold', () => {
  assert.deepEqual(parseAclItem('"Dr. ""O\'Neil"" ünïcode"=CT*c/gap_owner'), {
    grantee: 'Dr. "O\'Neil" ünïcode',
    grantor: 'gap_owner',
    privileges: [
      { letter: 'C', isGrantable: false },
      { letter: 'T', isGrantable: true },
      { letter: 'c', isGrantable: false },
    ],
  })
  assert.equal(parseAclItem('=Tc/"a=b/c"').grantee, '')
  assert.equal(parseAclItem('=Tc/"a=b/c"').grantor, 'a=b/c')
})

test('a list setting is split at its commas and not inside quotes', () => {
  assert.deepEqual(splitQuotedList('"Weird, ""Schema""", public,"$user"'), ['Weird, "Schema"', 'public', '$user'])
  assert.deepEqual(splitQuotedList('""'), [''])
  assert.deepEqual(splitQuotedList(''), [])
})

test('every property of a database is put onto another one', async () => {
  await using cluster = await testCluster()
  await cluster.psql('postgres', 'create role owner_a; create role "Dr. ""O\'Neil"" ünïcode"; create role passer')
  await cluster.createDatabase('one')
  await cluster.createDatabase('two')
  await cluster.psql(
    'postgres',
    `alter database one owner to owner_a;
     revoke temporary on database one from public;
     grant connect on database one to passer with grant option;
     set role passer; grant connect on database one to "Dr. ""O'Neil"" ünïcode"; reset role;
     alter database one set search_path to "Weird, Schema", public;
     alter database one set "app.tenant" to E'it''s "quoted" \\\\ and ünï';
     alter database one set default_transaction_read_only to on;
     alter role passer in database one set statement_timeout to '7min';
     comment on database one is E'line1\\nline2 ''q''';
     alter database one connection limit 55;
     alter database one is_template true`,
  )
  await using connection = await connectMaintenance([cluster.target('one')])
  const wanted = await databaseProperties(connection, 'one')
  const before = await databaseProperties(connection, 'two')
  assert.notDeepEqual(wanted, before)
  const same = (role: string) => role
  for (const statement of settingStatements('two', wanted, same)) await connection.query(statement)
  await connection.query('begin')
  for (const statement of propertyStatements('two', { ...stagePropertiesOf(wanted, same), owner: wanted.owner }, before)) {
    await connection.query(statement)
  }
  await connection.query('commit')
  const after = await databaseProperties(connection, 'two')
  assert.deepEqual({ ...after, acl: after.acl?.toSorted() }, { ...wanted, acl: wanted.acl?.toSorted() })
  const judged = await cluster.diff('one', 'two')
  assert.match(judged, /^IDENTICAL$/m, judged)
})

test('properties speak of mapped roles under their new names', () => {
  const mapped = stagePropertiesOf(
    {
      encoding: 'UTF8',
      collate: 'C',
      ctype: 'C',
      localeProvider: 'libc',
      icuLocale: null,
      icuRules: null,
      tablespace: 'pg_default',
      owner: 'old',
      isTemplate: false,
      allowConnections: true,
      connectionLimit: -1,
      comment: null,
      acl: ['=c/old', 'old=CTc/old', '"x y"=c/old'],
      settings: [],
      securityLabels: [],
    },
    (role) => (role === 'old' ? 'new one' : role),
  )
  assert.deepEqual(mapped.acl, ['=c/"new one"', '"new one"=CTc/"new one"', '"x y"=c/"new one"'])
})
