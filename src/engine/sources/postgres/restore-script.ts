import { quoteLiteral, quoteName } from './connection.ts'
import type { DatabaseSection, TableSection } from './database-section.ts'
import { sessionSettingsStatement, type SessionSettings } from './session-settings.ts'

export interface ScriptFacts {
  readonly database: string
  readonly clientVersion: string
  readonly createDatabase: string
  readonly settings: SessionSettings
  readonly tables: readonly Pick<TableSection, 'schema' | 'table' | 'path' | 'columns' | 'loadVia'>[]
  readonly tablespaces: readonly string[]
  /** `search_path` as sessions of the database have it. */
  readonly searchPath: string
}

/**
 * `restore.sh`: loads the folder it stands in with psql and pg_restore alone. It makes the database when it is missing,
 * refuses one that holds anything, and ends with an error when a count differs from the backup's.
 */
export function restoreScript(facts: ScriptFacts): string {
  const loads = facts.tables.map((table) => `load ${shellQuote(copyInStatement(table))} ${shellQuote(table.path)}`)
  const tablespaces = facts.tablespaces.filter((name) => name !== 'pg_default')
  // Names in the dump are whole; the database's own path comes after pg_catalog for what functions look up.
  const searchPath = `pg_catalog, ${facts.searchPath}`
  const settings = { ...facts.settings, values: { ...facts.settings.values, search_path: searchPath } }
  return script
    .replace('@CLIENT@', () => facts.clientVersion)
    .replace('@DATABASE@', () => shellQuote(facts.database))
    .replace('@CREATE@', () => shellQuote(facts.createDatabase.trim()))
    .replace('@SETTINGS@', () => shellQuote(sessionSettingsStatement(settings)))
    .replace('@PATH@', () => sedQuote(quoteLiteral(searchPath)))
    .replace('@TABLESPACES@', () => shellQuote(missingTablespaces(tablespaces)))
    .replace('@LOADS@', () => loads.join('\n'))
}

/** Rows of a partition that must go through its root name the root; generated columns are left to the server. */
export function copyInStatement(table: Pick<TableSection, 'schema' | 'table' | 'columns' | 'loadVia'>): string {
  const into = table.loadVia ? quoteName(table.loadVia.schema, table.loadVia.table) : quoteName(table.schema, table.table)
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map((column) => quoteName(column.name)).join(', ')})`
  return `COPY ${into}${columns} FROM STDIN`
}

/** Prints a line for each thing that is not as the backup has it, and nothing when all is well. */
export function countsSql(section: Pick<DatabaseSection, 'tables' | 'largeObjects' | 'materializedViews' | 'extensionTables'>): string {
  const counts = [
    ...section.tables
      .filter((table) => !table.loadVia)
      .map((table) => ({
        what: `table ${table.schema}.${table.table}`,
        from: `ONLY ${quoteName(table.schema, table.table)}`,
        rows: table.hash.rows,
      })),
    ...rootsLoadedVia(section.tables),
    ...section.extensionTables.map((table) => ({
      what: `table ${table.schema}.${table.name}`,
      from: `ONLY ${quoteName(table.schema, table.name)} ${table.condition ?? ''}`,
      rows: table.hash.rows,
    })),
    ...section.materializedViews
      .filter((view) => view.isPopulated)
      .map((view) => ({
        what: `materialized view ${view.schema}.${view.name}`,
        from: quoteName(view.schema, view.name),
        rows: view.hash.rows,
      })),
    { what: 'the set of large objects', from: 'pg_catalog.pg_largeobject_metadata', rows: section.largeObjects.count },
  ]
  const lines = counts.map(({ what, from, rows }) => {
    const said = `${quoteLiteral(`${what} has `)} || n || ${quoteLiteral(` rows, the backup has ${rows}`)}`
    return `SELECT ${said} FROM (SELECT count(*) AS n FROM ${from}) AS counted WHERE n <> ${rows};`
  })
  return ['-- Prints what differs from the backup.', ...lines, ''].join('\n')
}

/** A row that goes through its root may land in a sibling, so partitions of one root are counted together. */
function rootsLoadedVia(tables: readonly TableSection[]): { what: string; from: string; rows: number }[] {
  const roots = new Map<string, TableSection[]>()
  for (const table of tables) {
    if (!table.loadVia) continue
    const root = quoteName(table.loadVia.schema, table.loadVia.table)
    roots.set(root, [...(roots.get(root) ?? []), table])
  }
  return [...roots].map(([root, partitions]) => ({
    what: `the hash partitions of ${root}`,
    from: `(${partitions.map(({ schema, table }) => `SELECT FROM ONLY ${quoteName(schema, table)}`).join(' UNION ALL ')}) AS partitions`,
    rows: partitions.reduce((sum, { hash }) => sum + hash.rows, 0),
  }))
}

function missingTablespaces(names: readonly string[]): string {
  const list = names.length === 0 ? 'NULL' : names.map(quoteLiteral).join(', ')
  return `SELECT count(*) FROM (VALUES (${list.split(', ').join('), (')})) AS wanted (name) WHERE name IS NOT NULL AND name NOT IN (SELECT spcname FROM pg_catalog.pg_tablespace)`
}

/** Inside a double-quoted sed replacement. */
function sedQuote(text: string): string {
  return text
    .replaceAll(/[\\/&]/g, '\\$&')
    .replaceAll(/[\\"$`]/g, '\\$&')
    .replaceAll('\n', '')
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

const script = `#!/bin/sh
# Restores the database in this folder with PostgreSQL's own programs psql and pg_restore (@CLIENT@ or newer).
#   sh restore.sh [DATABASE]
# The server is the one that PGHOST, PGPORT, PGUSER and PGPASSFILE name; the role must be a superuser.
# DATABASE is made when it is missing and must be empty when it is there. Nothing that exists is changed.
set -eu
cd "$(dirname "$0")"
database=\${1:-@DATABASE@}
PGOPTIONS='-c client_min_messages=warning -c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c lc_messages=C'
PGAPPNAME=restore.sh
PGCLIENTENCODING=UTF8
export PGOPTIONS PGAPPNAME PGCLIENTENCODING
unset PGDATABASE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\\n' "$*" >&2; }
fail() { say "restore.sh: $*"; exit 1; }
server() { psql -X -q -A -t -v ON_ERROR_STOP=1 -v "database=$database" -d postgres "$@"; }
target="dbname='$(printf '%s' "$database" | sed "s/[\\\\\\\\']/\\\\\\\\&/g")'"
inside() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$target" "$@"; }
# Functions in indexes and generated columns may count on the database's own search path, which pg_restore empties.
ddl() {
  section=$1
  shift
  pg_restore --section="$section" $tablespaces --file="$work/$section.sql" "$@" rest.dump
  sed "1,40s/^SELECT pg_catalog.set_config('search_path', '', false);$/SELECT pg_catalog.set_config('search_path', @PATH@, false);/" "$work/$section.sql" > "$work/ddl.sql"
}
# What the server refuses is left out and told at the end, as pg_restore does: only rows without a table stop the script.
: > "$work/refused"
make() {
  psql -X -q -A -t -v VERBOSITY=verbose -d "$target" -f "$work/ddl.sql" > /dev/null 2> "$work/errors" || { cat "$work/errors" >&2; fail 'psql stopped'; }
  cat "$work/errors" >&2
  # A foreign key that the rows violate (23503) is made by foreign-keys.sql.
  grep 'ERROR:' "$work/errors" | grep -v 'ERROR:  23503:' >> "$work/refused" || true
}
archive() { pg_restore --exit-on-error --dbname="$target" "$@" rest.dump; }
settings=@SETTINGS@
load() {
  for segment in "$2"/*.copy; do
    inside -c "$settings" -c "$1" < "$segment" > /dev/null
  done
}

say 'checking the files'
sha256sum -c --quiet SHA256SUMS || fail 'a file is not as it was written'

say 'making roles and the database'
server -f globals.sql > /dev/null
if [ "$(printf '%s\\n' "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = :'database'" | server -f -)" = 0 ]; then
  printf '%s\\n' @CREATE@ | server -f -
fi
found=$(inside -c 'SELECT (SELECT count(*) FROM pg_catalog.pg_class WHERE oid >= 16384) + (SELECT count(*) FROM pg_catalog.pg_proc WHERE oid >= 16384)
  + (SELECT count(*) FROM pg_catalog.pg_namespace WHERE oid >= 16384) + (SELECT count(*) FROM pg_catalog.pg_type WHERE oid >= 16384)')
[ "$found" = 0 ] || fail "database $database is not empty"
tablespaces=
[ "$(server -c @TABLESPACES@)" = 0 ] || { say 'a tablespace is missing: everything goes into the default one'; tablespaces=--no-tablespaces; }

say 'making tables'
pg_restore --list rest.dump > "$work/all"
entry='^[0-9]+; [0-9]+ [0-9]+ '
late="$entry((COMMENT|SECURITY LABEL) - )?EVENT TRIGGER "
grep -E "\${entry}SCHEMA " "$work/all" > "$work/schemas" || true
grep -E "$late" "$work/all" > "$work/event-triggers" || true
grep -vE "\${entry}SCHEMA |$late" "$work/all" > "$work/others"
ddl pre-data --use-list="$work/schemas"
inside -f "$work/ddl.sql" > /dev/null
inside -f extensions.sql
ddl pre-data --use-list="$work/others"
make
inside -f catalog.sql
inside -f checks-before.sql

say 'loading rows'
@LOADS@
archive --section=data $tablespaces

say 'making indexes, keys and triggers'
ddl post-data --use-list="$work/others"
make
inside -f foreign-keys.sql
server --single-transaction -f database.sql
inside -f checks-after.sql > /dev/null
inside -c 'ANALYZE'
# Last, since they may forbid or record all of the above.
ddl post-data --use-list="$work/event-triggers"
inside -f "$work/ddl.sql" > /dev/null

say 'comparing counts'
different=$(psql -X -q -A -t -d "$target" -f counts.sql 2>&1)
[ ! -s "$work/refused" ] || { say 'the server refused:'; cat "$work/refused" >&2; }
[ -z "$different" ] || fail "not as the backup: $different"
[ ! -s "$work/refused" ] || fail "database $database is restored but for what the server refused"
say "database $database is restored; every count is that of the backup"
`
