-- space over the days, what no backup covers, and where copies of the catalog lie

-- Of the storage: null where it tells its free space itself.
alter table repositories add column quota_bytes bigint check (quota_bytes > 0);

-- The last look of each day (UTC), taken while it lasts.
create table space_samples (
  repository_id uuid not null references repositories,
  tenant_id uuid not null references tenants,
  day timestamptz not null,
  at timestamptz not null,
  -- Of every file; of the content before compression and sealing, and after.
  stored_bytes bigint not null,
  plain_bytes bigint not null,
  packed_bytes bigint not null,
  -- Null where the storage does not tell.
  free_bytes bigint,
  read_bytes_per_second double precision,
  primary key (repository_id, day)
);

-- What a look at the sources of a system found that its newest backups do not have.
create table coverage_looks (
  system_id uuid primary key references systems,
  tenant_id uuid not null references tenants,
  at timestamptz not null,
  -- [{kind, source, name}], and the sources that could not be looked at: [{source, fact}].
  missing jsonb not null,
  unseen jsonb not null
);

-- The newest copy of the catalog in each repository; what the repositories themselves say counts.
create table catalog_copies (
  repository_id uuid primary key references repositories,
  tenant_id uuid not null references tenants,
  at timestamptz not null,
  snapshot text not null,
  size_bytes bigint not null
);

do $$
declare
  name text;
begin
  foreach name in array array['space_samples', 'coverage_looks', 'catalog_copies']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
