-- drills, reading every byte again, and backups that are unlike those before them

alter table backups
  -- The open alert on account of which it is kept, whatever the retention says.
  add column held_by_alert uuid references alerts,
  -- How it is unlike those before it; null: it is not, or there were too few to compare it with.
  add column anomaly jsonb,
  -- What a person said of that; null: nobody has yet.
  add column anomaly_verdict text check (anomaly_verdict in ('accepted', 'rejected')),
  add column anomaly_settled_at timestamptz,
  add column anomaly_settled_by text,
  add column anomaly_reason text;
create index backups_held on backups (system_id) where held_by_alert is not null;

-- When the service drills by itself.
create table drill_policies (
  system_id uuid primary key references systems,
  tenant_id uuid not null references tenants,
  is_active boolean not null,
  every_nth_backup integer check (every_nth_backup > 0),
  cron_expression text,
  time_zone text not null,
  choice text not null check (choice in ('newest', 'random-older', 'alternating')),
  overdue_after_days integer not null check (overdue_after_days > 0),
  next_run_at timestamptz,
  created_at timestamptz not null,
  changed_at timestamptz not null
);

create table drills (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  system_id uuid references systems,
  system_name text not null,
  backup_id uuid not null references backups,
  repository_id uuid not null references repositories,
  cause text not null check (cause in ('by-hand', 'every-nth', 'newest', 'random-older')),
  status text not null check (status in ('pending', 'in_progress', 'completed', 'completed_with_gaps', 'failed', 'cancelled')),
  -- Null until something was found out.
  outcome text check (outcome in ('proven', 'failed')),
  is_backup_at_fault boolean,
  restored_in_ms bigint,
  objective_ms bigint,
  finding_count integer not null default 0,
  fault jsonb,
  -- The signed report, to the byte.
  report text,
  run_id uuid,
  created_by text not null,
  created_by_id uuid,
  created_at timestamptz not null,
  ended_at timestamptz
);
create index drills_list on drills (created_at desc, id);
create index drills_of_system on drills (system_id, created_at desc);

-- Every byte of a repository is read each so many days, a share of its packs a day.
create table repository_readings (
  repository_id uuid primary key references repositories,
  tenant_id uuid not null references tenants,
  is_active boolean not null,
  every_days integer not null check (every_days between 1 and 365),
  -- Not before this; a share that could not be read waits a while.
  due_at timestamptz not null,
  -- The job that reads a share now.
  run_id uuid,
  changed_at timestamptz not null
);

create table repository_shares (
  repository_id uuid not null references repositories,
  tenant_id uuid not null references tenants,
  -- From 1 to `shares`.
  share integer not null,
  shares integer not null,
  read_at timestamptz not null,
  read_bytes bigint not null,
  is_intact boolean not null,
  primary key (repository_id, shares, share)
);

do $$
declare
  name text;
begin
  foreach name in array array['drill_policies', 'drills', 'repository_readings', 'repository_shares']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
