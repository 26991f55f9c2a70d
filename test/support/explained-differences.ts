import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'

/** A difference that a statement of exactness must have named: the first group is what it names. */
interface Explanation {
  readonly line: RegExp
  /** How the statement begins; null where both mean the same. */
  readonly statement: string | null
}

const explanations: readonly Explanation[] = [
  { line: /pg_attribute: .*attrelid=(\S+)/, statement: 'order of columns' },
  { line: /pg_attribute: .*attrelid=(\S+)/, statement: 'number of dimensions' },
  { line: /pg_amop: .*amopfamily=(\S+ USING \S+)/, statement: 'members of operator families' },
  { line: /pg_amproc: .*amprocfamily=(\S+ USING \S+)/, statement: 'members of operator families' },
  { line: /pg_depend: objid=(?:operator|function) .* of (\S+ USING \S+) classid=pg_am/, statement: 'members of operator families' },
  { line: /pg_operator: .*oprname="([^"]+)".*oprresult=- /, statement: 'operators that were named' },
  { line: /pg_constraint: .*contype="f".*conrelid=(\S+)/, statement: 'names of foreign keys' },
  { line: /pg_trigger: .*tgname="RI_ConstraintTrigger_c_N".*tgrelid=(\S+)/, statement: 'names of foreign keys' },
  { line: /pg_depend: objid="RI_ConstraintTrigger_c_N" on (\S+) /, statement: 'names of foreign keys' },
  { line: /pg_depend: objid=\S+ on (\S+) classid=pg_constraint /, statement: 'names of foreign keys' },
  { line: /pg_trigger: .*tgrelid=(\S+) .*tgisinternal=true/, statement: 'foreign keys whose checks' },
  { line: /pg_description: objoid=(.+) classoid=pg_constraint /, statement: 'comments on constraints' },
  { line: /pg_description: objoid=(\S+) classoid=pg_proc /, statement: "comments on PostgreSQL's own" },
  { line: /pg_description: objoid=(\S+) classoid=pg_proc /, statement: 'members of extensions' },
  { line: /pg_proc: .*proname="(\w+)".*pronamespace=pg_catalog/, statement: "objects in PostgreSQL's own schemas" },
  { line: /pg_proc: .*proname="(\w+)"/, statement: 'members of extensions' },
  { line: /pg_depend: objid=(\S+) classid=pg_proc deptype="[en]"/, statement: 'members of extensions' },
  { line: /pg_namespace: nspname="(pg_(?:toast_)?temp_\d+)"/, statement: null },
  // Whether a function leans on a transform depends on which was made first.
  { line: /pg_depend: .*refclassid=pg_transform/, statement: null },
]

export interface Explained {
  /** Differences that nothing names. */
  readonly unexplained: readonly string[]
  /** Beginnings of the statements that some difference needed. */
  readonly needed: ReadonlySet<string>
}

/**
 * Holds the lines of `catalogDiff` against what the backup said that it would not bring back, and against the notes of the
 * restore, which name what the server refused.
 */
export function explain(lines: readonly string[], statements: DatabaseSection['exactness'], notes: readonly string[] = []): Explained {
  const needed = new Set<string>()
  const refused = notes
    .map((note) => /: [A-Z ]+ \w+ (?:[A-Z]+ )?(\w+).* was left out: /.exec(note)?.[1])
    .filter((name) => name !== undefined)
  const unexplained = lines.filter((line) => {
    if (refused.some((name) => line.includes(name))) return false
    const found = explanations.find((explanation) => isExplained(line, explanation, statements))
    if (found?.statement) needed.add(found.statement)
    return found === undefined
  })
  return { unexplained, needed }
}

function isExplained(line: string, { line: pattern, statement }: Explanation, statements: DatabaseSection['exactness']): boolean {
  const match = pattern.exec(line)
  if (!match) return false
  return statement === null || statements.some(({ what }) => what.startsWith(statement) && what.includes(match[1]!))
}
