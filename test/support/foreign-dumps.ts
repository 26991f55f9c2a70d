import assert from 'node:assert/strict'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import type { Workplace } from './command-line.ts'
import type { TestCluster } from './postgres.ts'

/** A small database with what a dump names and does not hold, and what a role that is no superuser may not give away. */
export async function makeWard(cluster: TestCluster): Promise<void> {
  await cluster.createDatabase('ward')
  await cluster.psql(
    'ward',
    `create table public.visit (id int primary key, note text, size int generated always as (length(note)) stored);
     insert into public.visit select i, 'note ' || i || E'\\\\ \\t \\n ü' from generate_series(1, 5000) i;
     create view public.long as select * from public.visit where size > 10;
     create function public.first(a int, b text) returns text language sql begin atomic select b; select $2; end;
     create materialized view public.counted as select count(*) from public.visit; create sequence public.numbers start 42;
     create extension hstore`,
  )
  await belongToOthers(cluster, 'ward', 'visit', 'first(int, text)')
}

/** Owners, grants, a policy, a large object: all of roles that no dump makes. */
export async function belongToOthers(cluster: TestCluster, database: string, table: string, routine: string): Promise<void> {
  await cluster.psql(
    database,
    `create role "Chief Nurse" nologin; create role reader nologin;
     alter table public.${table} owner to "Chief Nurse"; grant select, update on public.${table} to reader with grant option;
     create schema "odd ""schema" authorization reader; alter function public.${routine} owner to reader;
     create policy own on public.${table} to reader using (true);
     alter default privileges for role reader in schema public grant select on tables to "Chief Nurse";
     select lo_from_bytea(4711, 'a large object'); alter large object 4711 owner to reader; comment on extension hstore is 'of ours'`,
  )
}

interface Wanted {
  readonly backup: string
  readonly cluster: TestCluster
  readonly database: string
}

/** Restores the imported database into a new one of that name. */
export async function restoreImported(place: Workplace, { backup, cluster, database }: Wanted): Promise<void> {
  await cluster.createDatabase(database)
  const plan = place.file(`${database}.json`)
  const target = ['--database', `database=${cluster.url(database)}`]
  await place.expect(0, 'restore', 'plan', '--backup', backup, '--system', 'imported', ...target, '--out', plan)
  await place.expect(0, 'restore', 'run', plan, '--confirm', 'imported')
}

/** Runs a line of bash in the workplace, with the programs of PostgreSQL and the way to the cluster. */
export async function shellBeside(place: Workplace, cluster: TestCluster, command: string): Promise<string> {
  const { folder } = assertFound(postgresPrograms('pg_dump'))
  const env = { PATH: `${folder}:${process.env['PATH']}`, PGHOST: cluster.socketDirectory, PGUSER: cluster.user, LC_ALL: 'C' }
  const result = await run('bash', ['-o', 'pipefail', '-c', command], { cwd: place.directory, env })
  assert.equal(result.exitCode, 0, `${command}\n${result.stderr}`)
  return result.stdout
}
