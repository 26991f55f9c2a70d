import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mapRoles, splitStatements } from './role-text.ts'

const mapped = (sql: string) =>
  splitStatements(sql).map((statement) => mapRoles(statement, (role) => (role === 'old' || role === 'O "x"' ? 'new' : role)))

test('roles are mapped where statements name them', () => {
  assert.deepEqual(
    mapped(`ALTER TABLE public.old OWNER TO old;
ALTER FUNCTION f("old" integer) OWNER TO "O ""x""";
GRANT SELECT(old),UPDATE(b) ON TABLE old.t TO old WITH GRANT OPTION;
REVOKE ALL ON SCHEMA old FROM PUBLIC, old;
ALTER DEFAULT PRIVILEGES FOR ROLE old IN SCHEMA old GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE x REVOKE ALL ON FUNCTIONS FROM old;
SET SESSION AUTHORIZATION old;
CREATE POLICY old ON old.t AS RESTRICTIVE FOR SELECT TO old, y USING ((tenant = CURRENT_USER));
CREATE USER MAPPING FOR old SERVER old OPTIONS (user 'old');
ALTER TABLE t ADD CONSTRAINT old CHECK (old > 0)`),
    [
      'ALTER TABLE public.old OWNER TO "new"',
      'ALTER FUNCTION f("old" integer) OWNER TO "new"',
      'GRANT SELECT(old),UPDATE(b) ON TABLE old.t TO "new" WITH GRANT OPTION',
      'REVOKE ALL ON SCHEMA old FROM PUBLIC, "new"',
      'ALTER DEFAULT PRIVILEGES FOR ROLE "new" IN SCHEMA old GRANT SELECT ON TABLES TO PUBLIC',
      'ALTER DEFAULT PRIVILEGES FOR ROLE "x" REVOKE ALL ON FUNCTIONS FROM "new"',
      'SET SESSION AUTHORIZATION "new"',
      'CREATE POLICY old ON old.t AS RESTRICTIVE FOR SELECT TO "new", "y" USING ((tenant = CURRENT_USER))',
      'CREATE USER MAPPING FOR "new" SERVER old OPTIONS (user \'old\')',
      'ALTER TABLE t ADD CONSTRAINT old CHECK (old > 0)',
    ],
  )
})

test('text that only looks like such a statement is left alone', () => {
  const texts = [
    `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $_$ begin execute 'ALTER TABLE t OWNER TO old; GRANT a TO old'; end $_$`,
    `CREATE FUNCTION g() RETURNS integer LANGUAGE sql\n BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 ELSE 2 END;\n SELECT 2;\nEND`,
    `COMMENT ON TABLE t IS 'x''; ALTER TABLE t OWNER TO old;'`,
    `COMMENT ON TABLE t IS E'it\\'s; GRANT a TO old;'`,
    `CREATE RULE r AS ON INSERT TO old DO ALSO (DELETE FROM old; DELETE FROM b)`,
    `CREATE VIEW "ALTER; x" AS SELECT 1 AS "OWNER TO"`,
  ]
  assert.deepEqual(mapped(`-- a; comment with ' in it\n${texts.join(';\n\n/* and; another */ ')};\n`), texts)
})
