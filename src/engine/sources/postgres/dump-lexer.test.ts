import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { dumpStatements } from './dump-lexer.ts'

async function cut(text: string, pieceBytes = 7, readsRows = true): Promise<string[]> {
  const bytes = Buffer.from(text, 'utf8')
  async function* pieces() {
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const found: string[] = []
  for await (const { text: statement, rows } of dumpStatements(pieces(), () => {})) {
    found.push(statement)
    if (!rows || !readsRows) continue
    const parts: Uint8Array[] = []
    for await (const part of rows) parts.push(Buffer.from(part))
    found.push(Buffer.concat(parts).toString('latin1'))
  }
  return found
}

const refused = (text: string, code: FaultCode) => assert.rejects(cut(text), (error) => isFault(error, code), text)

test('a dump is cut into statements as psql cuts it', async () => {
  const dump = `
-- a comment; with a semicolon and it's quote
SET a = 'one; ''two'' \\'; select E'it\\'s; \\\\'; /* outer /* inner; */ ; */ select "odd;""name" from t;
create function f() returns int as $body$ begin; return $1; end $body$ language plpgsql;
create or replace function g() returns int begin atomic select 1; select case when true then 1 end; end;
create rule r as on insert to t do also (insert into a values (1); insert into b values (2));
select a$b, $1, 1-1 /2 from "t$x$";
`
  for (const pieceBytes of [1, 2, 3, 64, 5000]) {
    assert.deepEqual(await cut(dump, pieceBytes), [
      `SET a = 'one; ''two'' \\'`,
      `select E'it\\'s; \\\\'`,
      `select "odd;""name" from t`,
      'create function f() returns int as $body$ begin; return $1; end $body$ language plpgsql',
      'create or replace function g() returns int begin atomic select 1; select case when true then 1 end; end',
      'create rule r as on insert to t do also (insert into a values (1); insert into b values (2))',
      'select a$b, $1, 1-1 /2 from "t$x$"',
    ])
  }
  assert.deepEqual(await cut(`set standard_conforming_strings = off; select 'it\\'s; here';`), [
    'set standard_conforming_strings = off',
    `select 'it\\'s; here'`,
  ])
})

test('rows of a COPY are handed over byte by byte as they are, whatever they look like and wherever a piece ends', async () => {
  const line = fc
    .string({ unit: fc.constantFrom('a', '\\', '.', 'N', '\t', "'", ';', '\r', '$'), maxLength: 6 })
    .filter((text) => !/^\\\.\r?$/.test(text))
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      async (lines, pieceBytes, readsRows) => {
        const rows = lines.map((text) => `${text}\n`).join('')
        const found = await cut(`COPY t (a) FROM stdin;\n${rows}\\.\n\nselect 1;\n`, pieceBytes, readsRows)
        assert.deepEqual(found, ['COPY t (a) FROM stdin', ...(readsRows ? [rows] : []), 'select 1'])
      },
    ),
    { numRuns: 400 },
  )
})

test('SAFETY rule 33 a backslash command outside of rows is refused, wherever it stands; pg_dump’s own guard is not', async () => {
  assert.deepEqual(await cut('\\restrict abcDEF123\nselect 1;\n\\unrestrict abcDEF123\n'), ['select 1'])
  for (const command of ['\\! touch /tmp/x', '\\connect other', '\\copy t from program x', '\\i /etc/passwd', '\\restrict a b', '\\o |sh'])
    await refused(`select 1;\n${command}\nselect 2;\n`, 'DUMP_COMMANDS')
  await refused('select 1 \\! touch /tmp/x\n;', 'DUMP_COMMANDS')
  await refused('select 1 \\restrict abc\n;', 'DUMP_COMMANDS')
  await refused(`set standard_conforming_strings = off; select 'a\\' \\! id '; \\! id`, 'DUMP_COMMANDS')
  // In quotes and in rows a backslash is only a character.
  assert.equal((await cut(`select '\\! id', "\\! id", $$\\! id$$;\nCOPY t FROM stdin;\n\\! id\n\\.\n`)).length, 3)
})

test('SAFETY rule 33 rows from a program or a file of the server are refused before anything reaches it', async () => {
  for (const copy of [
    `COPY t FROM PROGRAM 'touch /tmp/x';`,
    `copy t to program 'sh';`,
    `COPY "t from stdin" FROM '/etc/passwd';`,
    `COPY/**/t FROM PROGRAM 'from stdin';`,
    `COPY t TO '/tmp/x';`,
  ])
    await refused(copy, 'DUMP_COMMANDS')
})

test('a dump that was cut off is damaged, wherever the cut is', async () => {
  for (const text of [
    'select 1',
    `select 'abc`,
    'select $$abc',
    'COPY t FROM stdin;\n1\n2',
    'COPY t FROM stdin;\n1\n2\n',
    '/* never ends',
    'select "x',
  ])
    await refused(text, 'DAMAGE_ARCHIVE')
})
