-- what is in doubt until it is settled, and what people are told about

create table alerts (
  id uuid primary key,
  -- Null: of the whole installation.
  tenant_id uuid references tenants,
  kind text not null,
  -- What is in doubt: `<kind>:<id of what it concerns>`. One open alert for each.
  key text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  system_id uuid references systems,
  subject_kind text,
  subject_id text,
  subject_name text,
  fact text not null,
  hint text not null,
  facts jsonb not null default '{}',
  opened_at timestamptz not null,
  -- When it was last found so, and how often.
  seen_at timestamptz not null,
  times integer not null default 1,
  acknowledged_at timestamptz,
  acknowledged_by text,
  settled_at timestamptz,
  settled_because text
);
create unique index alerts_open on alerts (key) where settled_at is null;
create index alerts_list on alerts (opened_at desc, id);

-- Messages to people: written with what they tell of, in its transaction, and delivered afterwards.
create table notices (
  id uuid primary key,
  tenant_id uuid references tenants,
  kind text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  -- An alert was opened or settled; or something happened that nobody need settle.
  occasion text not null check (occasion in ('opened', 'settled', 'happened')),
  alert_id uuid references alerts,
  system_id uuid references systems,
  subject_kind text,
  subject_id text,
  subject_name text,
  fact text not null,
  hint text not null,
  facts jsonb not null default '{}',
  at timestamptz not null
);
create index notices_list on notices (at desc, id);

do $$
declare
  name text;
begin
  foreach name in array array['alerts', 'notices']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
