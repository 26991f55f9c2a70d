import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { dollarQuote } from './dollar-quote.ts'

/**
 * What a database holds and pg_dump does not carry: properties of PostgreSQL's own functions that somebody changed
 * (EHRbase does) and owners of extensions and their members. Plain SQL, to be run after the pre-data section: before
 * any event trigger exists. Only superusers may do these things; for others each is a warning.
 */
export async function catalogSql(connection: Connection): Promise<string> {
  const functions = await connection.query<EditedFunction>(editedFunctions)
  const owners = await connection.query<ExtensionOwner>(extensionOwners)
  const members = await connection.query<MemberOwner>(memberOwners)
  const statements = [
    ...functions.map(alterFunction),
    ...owners.map(changeExtensionOwner),
    ...members.map(({ alter, owner }) => `${alter} OWNER TO ${quoteName(owner)}`),
  ]
  const about = '-- What pg_dump does not carry: edited functions of PostgreSQL itself, owners of extensions.'
  return [about, ...statements.map(warnWhenDenied), ''].join('\n')
}

/**
 * Extensions in the version they had, since pg_dump names none: made between the schemas and all that needs them.
 * A version that the server does not offer becomes its default, with a warning.
 */
export async function extensionsSql(connection: Connection): Promise<string> {
  const extensions = await connection.query<{ name: string; version: string; schema: string }>(
    // One that needs another was made after it.
    `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid`,
  )
  // Every new database has this one.
  const drop = extensions.some(({ name }) => name === 'plpgsql') ? [] : ['DROP EXTENSION IF EXISTS plpgsql;']
  return ['-- Extensions in the versions of the backup.', ...drop, ...extensions.map(createExtension), ''].join('\n')
}

function createExtension({ name, version, schema }: { name: string; version: string; schema: string }): string {
  const create = `CREATE EXTENSION IF NOT EXISTS ${quoteName(name)}`
  const where = `WITH SCHEMA ${quoteName(schema)}`
  const offered = `SELECT FROM pg_catalog.pg_available_extension_versions v WHERE v.name = ${quoteLiteral(name)} AND v.version = ${quoteLiteral(version)}`
  const block = [
    'BEGIN',
    `IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = ${quoteLiteral(name)}) THEN RETURN; END IF;`,
    `IF EXISTS (${offered}) THEN ${create} ${where} VERSION ${quoteLiteral(version)};`,
    `ELSE ${create} ${where}; RAISE WARNING 'extension % is not offered in version %', ${quoteLiteral(name)}, ${quoteLiteral(version)};`,
    'END IF;',
    'END',
  ]
  // An extension that makes its schema itself finds none yet: it is left to the dump, which does the same.
  return `DO ${dollarQuote(block.join('\n'))};`
}

interface EditedFunction {
  signature: string
  kind: string
  volatility: string
  isStrict: boolean
  isSecurityDefiner: boolean
  isLeakproof: boolean
  parallel: string
  cost: string
  rows: string
  returnsSet: boolean
  owner: string
  settings: string[] | null
}

// initdb leaves no record of what the functions were like, but it writes them before information_schema: a row with a
// later transaction id than the middle one of that schema's tables was written by somebody else.
const editedFunctions = `
  WITH made AS (
    SELECT pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY c.xmin::text::bigint) AS xid
    FROM pg_catalog.pg_class c WHERE c.oid < 16384 AND c.relnamespace = 'information_schema'::pg_catalog.regnamespace
  )
  SELECT p.oid::pg_catalog.regprocedure::text AS signature, p.prokind AS kind, p.provolatile AS volatility, p.proisstrict AS "isStrict",
         p.prosecdef AS "isSecurityDefiner", p.proleakproof AS "isLeakproof", p.proparallel AS parallel, p.procost::text AS cost,
         p.prorows::text AS rows, p.proretset AS "returnsSet", pg_catalog.pg_get_userbyid(p.proowner) AS owner, p.proconfig AS settings
  FROM pg_catalog.pg_proc p, made
  WHERE p.oid < 16384 AND p.xmin::text::bigint > made.xid AND p.prokind IN ('f', 'w')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
  ORDER BY 1`

function alterFunction(edited: EditedFunction): string {
  const volatility = edited.volatility === 'i' ? 'IMMUTABLE' : edited.volatility === 's' ? 'STABLE' : 'VOLATILE'
  const parallel = edited.parallel === 's' ? 'SAFE' : edited.parallel === 'r' ? 'RESTRICTED' : 'UNSAFE'
  const actions = [
    volatility,
    edited.isStrict ? 'STRICT' : 'CALLED ON NULL INPUT',
    edited.isSecurityDefiner ? 'SECURITY DEFINER' : 'SECURITY INVOKER',
    edited.isLeakproof ? 'LEAKPROOF' : 'NOT LEAKPROOF',
    `PARALLEL ${parallel}`,
    `COST ${edited.cost}`,
    ...(edited.returnsSet ? [`ROWS ${edited.rows}`] : []),
    'RESET ALL',
    ...(edited.settings ?? []).map((setting) => {
      const cut = setting.indexOf('=')
      return `SET ${quoteName(setting.slice(0, cut))} TO ${quoteLiteral(setting.slice(cut + 1))}`
    }),
  ]
  return `ALTER FUNCTION ${edited.signature} ${actions.join(' ')}`
}

interface ExtensionOwner {
  extension: string
  owner: string
}

const extensionOwners = `
  SELECT e.extname AS extension, pg_catalog.pg_get_userbyid(e.extowner) AS owner FROM pg_catalog.pg_extension e
  WHERE e.oid >= 16384 ORDER BY 1`

/** There is no ALTER EXTENSION … OWNER TO, so the two catalogs that know the owner are told. */
function changeExtensionOwner({ extension, owner }: ExtensionOwner): string {
  const of = `extname = ${quoteLiteral(extension)}`
  const role = `(SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(owner)})`
  const shared = `classid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND objid = (SELECT oid FROM pg_catalog.pg_extension WHERE ${of}) AND deptype = 'o'`
  const database = `(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`
  return [
    `IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE ${of} AND extowner <> ${role}) THEN`,
    `  UPDATE pg_catalog.pg_extension SET extowner = ${role} WHERE ${of};`,
    `  DELETE FROM pg_catalog.pg_shdepend WHERE dbid = ${database} AND ${shared};`,
    // PostgreSQL's own roles are pinned and have no entry.
    `  INSERT INTO pg_catalog.pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)`,
    `    SELECT ${database}, 'pg_catalog.pg_extension'::pg_catalog.regclass, e.oid, 0, 'pg_catalog.pg_authid'::pg_catalog.regclass, ${role}, 'o'`,
    `    FROM pg_catalog.pg_extension e WHERE e.${of} AND ${role} >= 16384;`,
    `END IF`,
  ].join('\n')
}

interface MemberOwner {
  alter: string
  owner: string
}

// A trusted extension's members belong to the bootstrap superuser, as they will again; others may have been given away.
const memberOwners = `
  SELECT format('ALTER %s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
           WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass) AS alter,
         pg_catalog.pg_get_userbyid(c.relowner) AS owner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
  WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relowner <> 10
  UNION ALL
  SELECT format('ALTER ROUTINE %s', p.oid::pg_catalog.regprocedure), pg_catalog.pg_get_userbyid(p.proowner)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
  WHERE p.oid >= 16384 AND p.proowner <> 10 AND p.prokind <> 'a'
  ORDER BY 1`

function warnWhenDenied(statement: string): string {
  const block = [
    'BEGIN',
    `${statement};`,
    'EXCEPTION WHEN insufficient_privilege OR undefined_function THEN',
    `  RAISE WARNING 'not restored: %', SQLERRM;`,
    'END',
  ]
  return `DO ${dollarQuote(block.join('\n'))};`
}
