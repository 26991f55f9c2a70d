import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { isExtensionMember, userSchemas } from './coverage.ts'
import { dollarQuote } from './dollar-quote.ts'

/** SQL that any session runs as it is, without psql. */
export interface ChecksSql {
  /** After the pre-data section, before the first row. */
  readonly before: string
  /** After the post-data section but its event triggers, in a new session with the database's own settings. */
  readonly after: string
}

/**
 * CHECK constraints that call functions may look at other tables, at settings or at the clock, so they hold only once
 * all rows are there (POSTGRES §2, SAFETY rule 20): exactly those are dropped before the rows and added after them.
 * Those NOT VALID are left alone, because pg_dump adds them after the rows by itself.
 */
export async function checksSql(connection: Connection): Promise<ChecksSql> {
  const checks = await connection.query<Check>(checksOfTables)
  const domains = await connection.query<DomainCheck>(checksOfDomains)
  if (checks.length + domains.length === 0)
    return { before: '-- No CHECK constraint calls a function.\n', after: '-- No CHECK constraint calls a function.\n' }
  return { before: beforeSql(checks, domains), after: afterSql(checks, domains) }
}

interface Check {
  schema: string
  table: string
  name: string
  definition: string
  isLocal: boolean
  comment: string | null
}

interface DomainCheck {
  schema: string
  domain: string
  name: string
  definition: string
  comment: string | null
}

// Functions of users are dependencies; those of PostgreSQL itself leave no trace but in the stored expression, where only
// what is not immutable can judge the same row differently later. SQLVALUEFUNCTION is current_user, current_date and so on.
export const callsFunction = `(
  EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid AND d.refobjid >= 16384
      AND (d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
        OR d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
          AND EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = d.refobjid AND t.typtype = 'd' AND t.oid <> k.contypid)))
  OR k.conbin::text LIKE '%{SQLVALUEFUNCTION %'
  OR EXISTS (
    SELECT FROM pg_catalog.regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\\d+)', 'g') AS called
      JOIN pg_catalog.pg_proc p ON p.oid = called[1]::pg_catalog.oid
    WHERE p.provolatile <> 'i' OR p.oid >= 16384))`

// Parents before their children: dropping the parent's constraint takes along what a child merely inherits.
const checksOfTables = `
  WITH RECURSIVE below (oid, depth) AS (
    SELECT i.inhrelid, 1 FROM pg_catalog.pg_inherits i
    UNION ALL
    SELECT i.inhrelid, below.depth + 1 FROM below JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid
  )
  SELECT n.nspname AS schema, c.relname AS table, k.conname AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
         k.conislocal AS "isLocal", pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
  FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'c' AND k.convalidated AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${userSchemas}
    AND NOT ${isExtensionMember('c')} AND NOT ${isExtensionMember('k', 'pg_constraint')} AND ${callsFunction}
  ORDER BY (SELECT coalesce(max(depth), 0) FROM below WHERE below.oid = c.oid), 1, 2, 3`

const checksOfDomains = `
  SELECT n.nspname AS schema, t.typname AS domain, k.conname AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
         pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
  FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_type t ON t.oid = k.contypid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE k.contype = 'c' AND k.convalidated AND t.typtype = 'd' AND ${userSchemas}
    AND NOT ${isExtensionMember('t', 'pg_type')} AND ${callsFunction}
  ORDER BY 1, 2, 3`

function beforeSql(checks: readonly Check[], domains: readonly DomainCheck[]): string {
  const drops = [
    ...checks.map((check) => `ALTER TABLE ${tableOf(check)} DROP CONSTRAINT IF EXISTS ${quoteName(check.name)};`),
    ...domains.map((check) => `ALTER DOMAIN ${domainOf(check)} DROP CONSTRAINT IF EXISTS ${quoteName(check.name)};`),
  ]
  return ['-- CHECK constraints that call functions, dropped until all rows are there.', ...drops, ''].join('\n')
}

/**
 * Each constraint is parsed with only pg_catalog in view, as its text was printed, and validated under the database's
 * own search path, since functions may depend on it. Children first, so that a constraint of their own stays their own.
 */
function afterSql(checks: readonly Check[], domains: readonly DomainCheck[]): string {
  const local = checks.toReversed().filter((check) => check.isLocal)
  return [
    '-- CHECK constraints that call functions, added after all rows. A session with the settings of the database runs this.',
    'BEGIN;',
    'SET LOCAL search_path = pg_catalog;',
    ...local.map((check) =>
      addWhenAbsent(`ALTER TABLE ${tableOf(check)}`, check, `conrelid = ${quoteLiteral(tableOf(check))}::pg_catalog.regclass`),
    ),
    ...domains.map((check) =>
      addWhenAbsent(`ALTER DOMAIN ${domainOf(check)}`, check, `contypid = ${quoteLiteral(domainOf(check))}::pg_catalog.regtype`),
    ),
    'RESET search_path;',
    ...local.map((check) => validate(`ALTER TABLE ${tableOf(check)}`, check, `conrelid IN (${withDescendants(tableOf(check))})`)),
    ...domains.map((check) =>
      validate(`ALTER DOMAIN ${domainOf(check)}`, check, `contypid = ${quoteLiteral(domainOf(check))}::pg_catalog.regtype`),
    ),
    ...local.flatMap((check) => commentOn(check, tableOf(check))),
    ...domains.flatMap((check) => commentOn(check, `DOMAIN ${domainOf(check)}`)),
    'COMMIT;',
    '',
  ].join('\n')
}

/** Where function and table need each other, pg_dump has added the constraint after the rows already. */
function addWhenAbsent(alter: string, check: { name: string; definition: string }, of: string): string {
  const add = `${alter} ADD CONSTRAINT ${quoteName(check.name)} ${check.definition} NOT VALID`
  const found = `SELECT FROM pg_catalog.pg_constraint WHERE ${of} AND conname = ${quoteLiteral(check.name)}`
  return `DO ${dollarQuote(`BEGIN IF NOT EXISTS (${found}) THEN EXECUTE ${quoteLiteral(add)}; END IF; END`)};`
}

/**
 * A check that the rows violate (they came in before its function or the clock said otherwise) was marked valid where
 * the backup was taken and is so marked again, with a warning: the alternative is to lose rows or the check.
 * The same is done where PostgreSQL cannot validate at all: a domain within an array or a composite type.
 */
function validate(alter: string, check: { name: string }, of: string): string {
  const mark = `UPDATE pg_catalog.pg_constraint SET convalidated = true WHERE ${of} AND conname = ${quoteLiteral(check.name)};`
  const warn = `RAISE WARNING 'a check of the backup is not proven: %', SQLERRM;`
  const attempt = `${alter} VALIDATE CONSTRAINT ${quoteName(check.name)};`
  return `DO ${dollarQuote(`BEGIN ${attempt} EXCEPTION WHEN check_violation OR feature_not_supported THEN ${mark} ${warn} END`)};`
}

function withDescendants(table: string): string {
  return (
    `WITH RECURSIVE below (oid) AS (SELECT ${quoteLiteral(table)}::pg_catalog.regclass::pg_catalog.oid ` +
    `UNION SELECT inhrelid FROM below JOIN pg_catalog.pg_inherits ON inhparent = below.oid) SELECT oid FROM below`
  )
}

function commentOn(check: { name: string; comment: string | null }, on: string): string[] {
  return check.comment === null ? [] : [`COMMENT ON CONSTRAINT ${quoteName(check.name)} ON ${on} IS ${quoteLiteral(check.comment)};`]
}

function tableOf(check: Check): string {
  return quoteName(check.schema, check.table)
}

function domainOf(check: DomainCheck): string {
  return quoteName(check.schema, check.domain)
}
