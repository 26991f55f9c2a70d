/**
 * A trial's database whose rows know each other by UUIDs, as the bars of databases were measured with (POSTGRES.md): at scale 1 some
 * 800 MB of COPY text, four fifths of it 4.8 million observations, and zstd at level 1 keeps somewhat less than half of it. Many devices write side
 * by side, so neighbouring rows are of different visits. The same scale makes the same rows.
 */
export function trialSql(scale: number): string {
  const observations = Math.round(4_800_000 * scale)
  const visits = Math.ceil(observations / 12)
  const subjects = Math.ceil(visits / 8)
  // A UUID made of what it is of: a hash, so it looks as random as one, and anybody can make it again.
  const uuid = (kind: string, number: string) => `md5('${kind} ' || (${number}))::uuid`
  const some = (salt: number, below: number) => `(hashint8extended(n, ${salt}) & ${2 ** 40 - 1}) % ${below}`
  return `
create schema trial;
set search_path = trial;
create table subject (id uuid not null, site_id uuid not null, code text not null, enrolled_at timestamptz not null);
create table visit (id uuid not null, subject_id uuid not null, status text not null, began_at timestamptz not null, note text);
create table observation (
  id uuid not null, visit_id uuid not null, subject_id uuid not null, code text not null,
  value numeric(12, 4) not null, unit text not null, observed_at timestamptz not null
);
create table audit_event (
  id uuid not null, at timestamptz not null, actor_id uuid not null, action text not null, entity_id uuid not null, detail jsonb not null
);

insert into subject
  select ${uuid('subject', 'n')}, ${uuid('site', some(1, 40))}, 'S' || lpad(n::text, 7, '0'), timestamptz '2020-01-01 UTC' + n * interval '71 seconds'
  from generate_series(0, ${subjects - 1}) n;
insert into visit
  select ${uuid('visit', 'n')}, ${uuid('subject', `n % ${subjects}`)}, (array['completed', 'completed', 'missed'])[1 + ${some(2, 3)}],
    timestamptz '2020-03-01 UTC' + n * interval '13 seconds' + ${some(3, 1_000_000)} * interval '1 microsecond',
    case when ${some(4, 4)} = 0 then 'seen by ' || ${uuid('staff', some(5, 900))} end
  from generate_series(0, ${visits - 1}) n;
insert into observation
  select ${uuid('observation', 'n')}, ${uuid('visit', 'visit')}, ${uuid('subject', `visit % ${subjects}`)},
    (array['SBP', 'DBP', 'HR', 'TEMP', 'SPO2', 'RESP', 'WEIGHT', 'GLUC'])[1 + ${some(6, 8)}], (${some(7, 3_000_000)})::numeric / 10000,
    (array['mmHg', '/min', '°C', '%', 'kg', 'mmol/l'])[1 + ${some(8, 6)}],
    timestamptz '2020-03-01 UTC' + n * interval '1 second' + ${some(9, 1_000_000)} * interval '1 microsecond'
  from (select n, ${some(10, visits)} as visit from generate_series(0, ${observations - 1}) n) of_visit;
insert into audit_event
  select ${uuid('event', 'n')}, timestamptz '2020-03-01 UTC' + n * interval '2 seconds', ${uuid('staff', some(11, 900))},
    (array['view', 'create', 'update', 'sign'])[1 + ${some(12, 4)}], ${uuid('visit', some(13, visits))},
    jsonb_build_object('from', '10.0.' || ${some(14, 8)} || '.' || ${some(15, 250)}, 'session', ${some(16, 100_000)})
  from generate_series(0, ${Math.round(observations / 8) - 1}) n;

alter table subject add primary key (id);
alter table visit add primary key (id);
alter table observation add primary key (id);
alter table audit_event add primary key (id);
create index on observation (visit_id);
alter table visit add foreign key (subject_id) references subject;
alter table observation add foreign key (visit_id) references visit;
`
}
