-- Every kind of object in its odd forms, and what does not come back bit for bit and must be named. For an empty database, as
-- superuser; roles are made when absent. Its event triggers refuse DDL, so nothing may be changed after it.
do $$ begin if not exists (select from pg_roles where rolname='h_owner') then create role h_owner nologin; end if; if not exists (select from pg_roles where rolname='h_reader') then create role h_reader nologin; end if; end $$;
-- own things inside PostgreSQL's schemas and on its objects
create function pg_catalog.h_fn() returns int language sql as 'select 1';
comment on function pg_catalog.lower(text) is 'edited comment';
create type public.h_shell;
create type public.h8; create function public.h8in(cstring) returns public.h8 immutable strict language internal as 'int8in'; create function public.h8out(public.h8) returns cstring immutable strict language internal as 'int8out'; create type public.h8 (input=public.h8in, output=public.h8out, like=int8);
create function public.h8lt(public.h8,public.h8) returns bool strict immutable language internal as 'int8lt';
create operator public.< (procedure=public.h8lt, leftarg=public.h8, rightarg=public.h8, commutator = operator(public.>));
alter operator family integer_ops using btree add operator 1 public.< (public.h8,public.h8);
create operator family public.h_fam using btree; create operator class public.h_ops for type public.h8 using btree family public.h_fam as operator 1 public.<;
-- Extensions: in an odd schema, of an older version, with members that somebody changed, added, took out or built on.
create schema "odd ext"; create extension pg_trgm with schema "odd ext"; create extension hstore; create extension citext version '1.5'; create extension cube; create extension earthdistance; create extension bloom; create extension lo;
alter function hstore(text, text) cost 77; comment on function akeys(hstore) is 'changed'; create or replace function public.earth() returns float8 language sql immutable parallel safe as 'select 1::float8'; revoke execute on function avals(hstore) from public;
alter extension hstore drop function skeys(hstore); create function public.added() returns int language sql as 'select 1'; alter extension hstore add function public.added();
create table public.ext_t (h hstore, c cube, l lo, b text); insert into public.ext_t values ('a=>1', '(1,2)', null, 'x'); create index on public.ext_t using bloom (b); create index on public.ext_t using gist (h); create index on public.ext_t using gin (b "odd ext".gin_trgm_ops); create trigger tl before update or delete on public.ext_t for each row execute function lo_manage(l);
-- columns: order under inheritance in all ways, dims, dropped
create table public.i_a (a int, b text default 'b'); create table public.i_b (x int) inherits (public.i_a); alter table public.i_a add column late int default 7;
create table public.i_c (z int, x int); create table public.i_d (own1 int, z int, own2 int) inherits (public.i_c, public.i_b); alter table public.i_c add column more text;
create table public.i_e (b text, a int, late int); alter table public.i_e inherit public.i_a;
create table public.i_f () inherits (public.i_a);
insert into public.i_a values (1,'x',3); insert into public.i_b values (1,'x',5,4); insert into public.i_d (a,b,x,late,own1) values (1,'b',2,3,4); insert into public.i_e values ('b',1,2);
create table public.dims (m int[][][], n text[3]); insert into public.dims values ('{{{1}}}','{a,b}');
create table public.only_dropped (a int, b int); insert into public.only_dropped values (1,2); alter table public.only_dropped drop column a, drop column b;
-- partition children constraint names and comments on inherited things
create table public.pk_ref (id int primary key); create table public.pf (id int, r int) partition by range (id); create table public.pf_1 (id int, r int); alter table public.pf_1 add constraint odd_name foreign key (r) references public.pk_ref; alter table public.pf add constraint pf_r foreign key (r) references public.pk_ref; alter table public.pf attach partition public.pf_1 for values from (0) to (10);
comment on constraint odd_name on public.pf_1 is 'comment on the inherited key';
create function public.trg() returns trigger language plpgsql as $f$ begin return new; end $f$;
create trigger pt after insert on public.pf for each row execute function public.trg(); alter table public.pf_1 disable trigger pt; comment on trigger pt on public.pf is 'parent trigger'; comment on trigger pt on public.pf_1 is 'cloned trigger';
create table public.ck (a int constraint ck_a check (a > 0)); create table public.ck_child () inherits (public.ck); comment on constraint ck_a on public.ck_child is 'inherited check comment';
create index pf_i on public.pf (r); create index pf_1_extra on public.pf_1 (id); comment on index public.pf_1_r_idx is 'child index comment'; alter index public.pf_1_r_idx set (fillfactor = 33);
-- statistics target of an index expression, cluster, replica identity by index, toast options, per-column options
create table public.ix (a int not null, b text, c text collate "C"); create index ix_e on public.ix ((a+1), (lower(b))); alter index public.ix_e alter column 2 set statistics 500; create unique index ix_a on public.ix (a) include (b) ; alter table public.ix replica identity using index ix_a; alter table public.ix cluster on ix_a;
alter table public.ix alter b set (n_distinct = -0.5, n_distinct_inherited = 10), alter b set compression lz4; alter table public.ix set (toast.autovacuum_enabled = false, toast_tuple_target = 256, parallel_workers = 3, vacuum_truncate=off);
create index ix_nulls on public.ix (b text_pattern_ops desc nulls last, c collate "POSIX" nulls first) where a > 0; create unique index ix_nnd on public.ix (c) nulls not distinct; create index ix_gin on public.ix using gin (to_tsvector('english', b)) with (fastupdate=off); create index ix_hash on public.ix using hash (b); create index ix_brin on public.ix using brin (a) with (pages_per_range=7, autosummarize=on); create index ix_spg on public.ix using spgist (b);
-- triggers with transition tables, when, columns, constraint triggers, instead of; rules disabled; disabled internal trigger
create view public.v_ins as select a, b from public.ix; create trigger v_t instead of insert on public.v_ins for each row execute function public.trg();
create trigger tr_stmt after update on public.ix referencing old table as o new table as n for each statement execute function public.trg();
create constraint trigger tr_c after insert on public.ix from public.pk_ref deferrable initially deferred for each row when (new.a > 0) execute function public.trg('a''b', E'x\\y');
create rule r_del as on delete to public.ix where old.a = 1 do instead nothing; alter table public.ix disable rule r_del;
create table public.fk_off (id int references public.pk_ref); alter table public.fk_off disable trigger all;
-- views: recursive with function, column default on view, options, column comments; circular via function with a record type
create view public.vc (x, "y z") as select a, b from public.ix where a > 5 with cascaded check option; alter view public.vc alter column "y z" set default 'dflt'; comment on column public.vc."y z" is 'vy';
create view public.circ1 as select 1 as one; create function public.circ_f() returns setof public.circ1 language sql begin atomic select * from public.circ1; end; create or replace view public.circ1 as select one from public.circ_f();
create recursive view public.rv (n) as values (1) union all select n+1 from rv where n < 3;
create view public.gb as select a, b, count(*) from public.pk_ref join public.ix on id=a group by a, b;
create table public.gbt (id int primary key, v text); create view public.gbv as select id, v from public.gbt group by id;
-- functions of each kind
create function public.f_defaults(a int default 5, variadic b text[] default '{}', out c int, out d text) language sql as 'select 1, ''x''';
create function public.f_table(int) returns table (a int, b text) rows 77 cost 9 parallel safe leakproof strict security definer set search_path to 'public', pg_temp set work_mem='7MB' language sql as 'select 1, ''x''::text';
create function public.f_support(int) returns bool language internal strict immutable support pg_catalog.generate_series_int4_support as 'int4eq' ;
create function public.f_win() returns bigint window language internal as 'window_row_number';
create aggregate public.agg_ord(float8 order by anyelement) (sfunc = ordered_set_transition, stype=internal, finalfunc=percentile_disc_final, finalfunc_extra=true);
create aggregate public.agg_mv(int) (sfunc=int4pl, stype=int, msfunc=int4pl, minvfunc=int4mi, mstype=int, initcond='0', minitcond='0', parallel=safe, sortop = operator(pg_catalog.<));
create procedure public.p_tx(inout a int, in b text = E'q\'') language plpgsql as $$ begin commit; end $$;
create function public.f_body() returns text language sql return (select 'x' || count(*)::text from public.ix);
create transform for int language sql (from sql with function pg_catalog.time_support(internal), to sql with function pg_catalog.int4recv(internal));
create cast (public.h8 as int8) without function as implicit; create cast (text as public.h8) with inout;
create conversion public.myconv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8; create default conversion public.myconv2 for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create access method h_am type table handler heap_tableam_handler; create table public.am_t (a int) using h_am; insert into public.am_t values (1),(2); comment on access method h_am is 'am';
create text search parser public.h_parser (start=prsd_start, gettoken=prsd_nexttoken, end=prsd_end, lextypes=prsd_lextype, headline=prsd_headline); create text search template public.h_tmpl (lexize=dsimple_lexize, init=dsimple_init); create text search dictionary public.h_dict (template=public.h_tmpl); create text search configuration public.h_cfg (parser=public.h_parser); alter text search configuration public.h_cfg add mapping for word, asciiword with public.h_dict, simple;
create domain public.h_arr as int[] check (array_length(value,1) < 3); create domain public.h_comp_dom as public.h8 default '5' not null; create type public.h_c as (a int, b public.h_arr, c text collate "C"); alter type public.h_c add attribute d numeric(5,2), drop attribute a; comment on column public.h_c.d is 'attr'; create table public.dt (a public.h_arr[], c public.h_c, d public.h_arr); insert into public.dt values (array['{1,2}'::public.h_arr], row('{1}','x',1.5)::public.h_c, '{2}');
create type public.h_range as range (subtype=float8, subtype_diff=float8mi, multirange_type_name=public."H Multi"); create table public.rt (r public.h_range, m public."H Multi"); insert into public.rt values ('[1,2)', '{[1,2),[5,6]}');
create schema h_empty; create schema h_auth authorization h_owner; comment on schema h_auth is 's'; alter default privileges for role h_owner revoke all on types from public; alter default privileges for role h_owner grant usage on schemas to h_reader; alter default privileges for role h_owner in schema h_auth grant execute on routines to h_reader with grant option;
grant usage on language plpgsql to h_reader; revoke usage on language plpgsql from public; revoke all on schema public from public; revoke usage on type public.h8 from public; grant set on parameter work_mem to h_reader;
create foreign data wrapper h_fdw options (debug 'true'); create server h_srv type 't' version 'v' foreign data wrapper h_fdw options (host 'h'); create user mapping for public server h_srv options (user 'u', password 'p''w\x'); create user mapping for h_owner server h_srv options (password 'second'); create foreign table public.ft (a int options (x 'y') not null default 3 check (a>0), b text) server h_srv options (t 'q'); alter foreign table public.ft alter b set statistics 5; comment on foreign table public.ft is 'ft'; comment on server h_srv is 'srv'; create table public.fpart (a int) partition by list (a); create foreign table public.fpart_1 partition of public.fpart for values in (1) server h_srv;
create policy h_p on public.ix as permissive for update to h_reader using (a=1) with check (a=2); comment on policy h_p on public.ix is 'pol'; create statistics public.st_e on (a+1), lower(b) from public.ix; alter statistics public.st_e set statistics 99; comment on statistics public.st_e is 'st';
create sequence public.s_max as smallint maxvalue 32767 cycle; select setval('public.s_max', 32767); create unlogged sequence public.s_unl; select nextval('public.s_unl'); create sequence public.s_owned owned by public.ix.a; create table public.ident_s (a smallint generated by default as identity (sequence name public.named_seq increment 3 cache 4)); insert into public.ident_s default values; create unlogged table public.unl (a serial); insert into public.unl default values;
create publication h_pub for all tables; create publication h_pub2 for table public.ix (a, b), public.pf with (publish_via_partition_root); alter publication h_pub2 owner to h_owner;
create materialized view public.mv_time as select clock_timestamp() as t; create materialized view public.mv_stale as select count(*) from public.pk_ref; insert into public.pk_ref values (1),(2);
create table public.div (a int); insert into public.div values (1); create materialized view public.mv_fail as select 1/a as x from public.div; insert into public.div values (0); create unique index on public.mv_fail (x); comment on materialized view public.mv_fail is 'cannot be refreshed';
create function public.uses_guc() returns text language sql stable as $$ select current_setting('app.needed') $$; set app.needed = 'x'; create materialized view public.mv_guc as select public.uses_guc() as v;
create table public.dup (a int, b text); insert into public.dup values (1,'x'),(1,'y'); create unique index dup_broken on public.dup (a) where a > 5; comment on index public.dup_broken is 'unique no more'; update pg_index set indpred = null where indexrelid = 'public.dup_broken'::regclass;
create materialized view public.mv_on_fail as select count(*) from public.mv_fail;
create function public.trg_e() returns event_trigger language plpgsql as $$ begin if current_setting('app.block', true) is distinct from 'no' then raise exception 'blocked %', tg_event; end if; end $$; create event trigger h_end on sql_drop execute function public.trg_e(); create event trigger h_rw on table_rewrite execute function public.trg_e(); create event trigger h_ddl on ddl_command_end execute function public.trg_e();
