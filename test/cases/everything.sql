-- What FEATURES S7 names and gaps.sql leaves out. For an empty database, as superuser; roles and the tablespace are made when absent.
select format('create role %I nologin', name) from (values ('everything owner'), ('everything_reader')) as wanted (name)
  where not exists (select from pg_roles where rolname = name) \gexec
set allow_in_place_tablespaces = on;
select 'create tablespace everything_space location ''''' where not exists (select from pg_tablespace where spcname = 'everything_space') \gexec
grant create on tablespace everything_space to "everything owner";

-- Extensions: an older version, one that belongs to somebody else, members in a schema of their own.
create schema ext;
create extension hstore with schema ext version '1.4';
create extension btree_gist with schema ext version '1.5';
create extension citext;
select format('grant create on database %I to "everything owner"', current_database()) \gexec
set role "everything owner"; create schema owned; create extension pgcrypto with schema owned; reset role;
create extension postgres_fdw;
create server far foreign data wrapper postgres_fdw options (host 'nowhere.invalid', dbname 'x');
create user mapping for "everything owner" server far options (user 'u');
create foreign table public.far_table (a int) server far options (table_name 'a');
grant usage on foreign server far to "everything owner";

-- Functions in a standard body, aggregates, operators, casts, procedures, text search, collations, composite and range types.
create function public.atomic_one(a int) returns int language sql begin atomic select case when a > 0 then a else 0 end; select a + 1; end;
create procedure public.proc(inout a int) language plpgsql as $$ begin a := a + 1; end $$;
create aggregate public.total(int) (sfunc = int4pl, stype = int, initcond = '0');
create type public.pair as (a int, b text);
create function public.pair_eq(public.pair, public.pair) returns boolean language sql immutable as 'select $1.a = $2.a and $1.b = $2.b';
create operator public.=== (leftarg = public.pair, rightarg = public.pair, function = public.pair_eq, commutator = operator(public.===));
create function public.pair_text(public.pair) returns text language sql immutable as 'select $1.b';
create cast (public.pair as text) with function public.pair_text(public.pair) as assignment;
create type public.span as range (subtype = numeric);
create text search dictionary public.plain (template = simple, stopwords = english);
create text search configuration public.words (copy = simple);
alter text search configuration public.words alter mapping for asciiword with public.plain;
create collation public."DE" (provider = icu, locale = 'de');

-- Checks that a plain restore breaks on: through functions that see other tables, on domains, inherited, violated by now, commented.
create table public.zz_known (k int primary key);
insert into public.zz_known values (1), (2);
create function public.is_known(int) returns boolean language sql stable as 'select exists (select from zz_known where k = $1)';
create domain public.known as int constraint known_only check (public.is_known(value));
comment on constraint known_only on domain public.known is 'looks into another table';
create table public.base (a int, constraint base_known check (public.is_known(a)));
create table public.child (b text, constraint child_known check (public.is_known(a)), constraint base_known check (public.is_known(a))) inherits (public.base);
create table public.grandchild () inherits (public.child);
comment on constraint base_known on public.base is 'known';
insert into public.child values (1, 'x'); insert into public.grandchild values (2, 'y');
create table public.aa_domains (k public.known, ks public.known[]);
insert into public.aa_domains values (1, '{1,2}');
create function public.small(int) returns boolean language sql immutable as 'select true';
create table public.outgrown (a int check (public.small(a)));
insert into public.outgrown values (5), (50);
create or replace function public.small(int) returns boolean language sql immutable as 'select $1 < 10';
create table public.measured (at timestamptz default now() check (at <= now()), who text check (who <> current_user::text));
insert into public.measured values (now(), 'somebody');

-- A foreign key that somebody bypassed, with everything else about it; a composite one with actions.
create table public.parent (id int primary key, n int, unique (id, n));
create table public.orphan (id int references public.parent on delete cascade deferrable initially deferred);
create table public.composite (a int, b int, foreign key (a, b) references public.parent (id, n) match full on update set null);
insert into public.parent values (1, 1);
set session_replication_role = replica; insert into public.orphan values (999), (1); reset session_replication_role;

-- An index through a function that finds its helper on the search path of the database alone.
create schema app;
create function app.helper(text) returns text language sql immutable as 'select lower($1)';
select format('alter database %I set search_path to app, public', current_database()) \gexec
set search_path = app, public;
create function app.norm(text) returns text language plpgsql immutable as $$ begin return helper($1); end $$;
create table app.people (id bigint generated by default as identity primary key, name text, slug text generated always as (app.norm(name)) stored);
insert into app.people (name) select 'Person ' || g from generate_series(1, 2000) g;
create unique index people_norm on app.people (app.norm(name));
create materialized view app.by_letter as select substr(app.norm(name), 8, 1) as letter, count(*) from app.people group by 1;
reset search_path;

-- Partitions by range with a default, with an order of columns of their own. (By hash of an enum: see stage.test.ts.)
create table public.days (d date not null, note text, id bigint generated always as identity, double numeric) partition by range (d);
create table public.days_old (note text, extra int, double numeric, id bigint not null, d date not null);
alter table public.days_old drop column extra;
alter table public.days alter id drop identity;
alter table public.days attach partition public.days_old for values from (minvalue) to ('2020-01-01');
create table public.days_rest partition of public.days default;
insert into public.days select date '2019-12-01' + g, 'n' || g, g, g / 3.0 from generate_series(1, 90) g;
create index on public.days (d);

-- Identity always with values of its own, a serial at an odd state, unlogged, typed, only generated columns, TOAST, dropped columns.
create table public.always (id int generated always as identity (start 10 increment 5), v text);
insert into public.always overriding system value values (3, 'own'); insert into public.always (v) values ('made');
create table public.only_generated (g int generated always as (42) stored); insert into public.only_generated default values;
create table public.typed of public.pair; insert into public.typed values (1, 'x');
create unlogged table public.fleeting (a int primary key); insert into public.fleeting values (1);
create table public.wide (a text compression pglz, b bytea); alter table public.wide alter b set storage external;
insert into public.wide select repeat(md5(g::text), 3000), decode(repeat('00ff', 20000), 'hex') from generate_series(1, 20) g;
create table public.spaced (a int primary key using index tablespace everything_space) tablespace everything_space; insert into public.spaced values (1);
create table public.case_less (c public.citext primary key, h ext.hstore, u uuid default owned.gen_random_uuid());
insert into public.case_less values ('Abc', 'a=>1, b=>NULL', '00000000-0000-0000-0000-000000000001');

-- Row security, column grants with grant option by others, default privileges, rules, views, triggers of each mode, statistics.
create table public.secret (tenant text, t text); insert into public.secret values ('a', 'x'), ('b', 'y');
alter table public.secret enable row level security; alter table public.secret force row level security;
alter table public.secret owner to "everything owner";
create policy mine on public.secret for all to "everything owner", everything_reader using (tenant = current_user) with check (true);
grant select (t) on public.secret to everything_reader with grant option;
set role everything_reader; grant select (t) on public.secret to public; reset role;
alter default privileges for role "everything owner" in schema app grant insert on tables to everything_reader;
create view public.seen as select * from public.secret; create rule seen_insert as on insert to public.seen do instead (insert into public.secret values (new.*); notify seen);
create function public.touch() returns trigger language plpgsql as $$ begin new.name := new.name; return new; end $$;
create trigger touch before update of name on app.people for each row when (old.name is distinct from new.name) execute function public.touch();
create statistics public.days_stat (dependencies) on note, double from public.days;
comment on column app.people.name is E'it''s a "name" \\ here';
comment on index app.people_norm is 'an index';

-- Large objects, a publication, a subscription that is not connected, database-level state.
select lo_from_bytea(90001, convert_to(repeat('DICOM', 50000), 'UTF8'));
alter large object 90001 owner to "everything owner"; grant select on large object 90001 to everything_reader;
create publication everything_pub for all tables with (publish = 'insert, update');
create subscription everything_sub connection 'host=nowhere.invalid dbname=x' publication p with (connect = false, slot_name = 'everything_slot');
select format('alter database %I set default_transaction_read_only to on', current_database()) \gexec
select format('alter database %I set statement_timeout to ''3h''', current_database()) \gexec
select format('alter role "everything owner" in database %I set work_mem to ''9MB''', current_database()) \gexec
select format('comment on database %I is ''everything''', current_database()) \gexec
select format('grant temporary on database %I to everything_reader', current_database()) \gexec

-- Last, since nothing may be changed after it.
create function public.blocked() returns event_trigger language plpgsql as $$ begin raise exception 'no DDL here: %', tg_tag; end $$;
create event trigger blocked_all on ddl_command_start execute function public.blocked();
alter event trigger blocked_all enable always;
comment on event trigger blocked_all is 'blocks';
