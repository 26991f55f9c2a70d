-- what must stay and what may go: policies, legal holds, deletion certificates, the time to delete by

create table retention_policies (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  -- Null: of the organization, for each system that has none of its own.
  system_id uuid references systems,
  -- RetentionPolicy of contract/retention.ts.
  policy jsonb not null,
  reason text not null,
  changed_at timestamptz not null,
  changed_by text not null,
  -- Of whoever made it keep less than before.
  signature_id uuid references signatures
);
create unique index retention_policies_system on retention_policies (system_id) where system_id is not null;
create unique index retention_policies_tenant on retention_policies (tenant_id) where system_id is null;

-- When the policy of a system was carried out last.
create table retention_runs (
  system_id uuid primary key references systems,
  tenant_id uuid not null references tenants,
  evaluated_at timestamptz,
  -- Why nothing is removed at the moment: a mass deletion waits for a signature, or the clock jumped.
  waits text
);

create table legal_holds (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  -- Of one backup; or of those of a system, made in [from_at, to_at), or of both. What is null bounds nothing.
  backup_id uuid references backups,
  system_id uuid references systems,
  system_name text,
  from_at timestamptz,
  to_at timestamptz,
  reason text not null,
  reference text not null,
  placed_at timestamptz not null,
  placed_by text not null,
  placed_by_id uuid,
  released_at timestamptz,
  released_by text,
  release_reason text,
  signature_id uuid references signatures,
  check (backup_id is not null or system_id is not null or from_at is not null or to_at is not null)
);
create index legal_holds_list on legal_holds (placed_at desc, id);
create index legal_holds_active on legal_holds (tenant_id) where released_at is null;

-- Signed when a backup was removed; never changed afterwards.
create table deletion_certificates (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  backup_id uuid not null references backups,
  backup_name text not null,
  system_name text not null,
  removed_at timestamptz not null,
  -- To the byte.
  document text not null
);
create index deletion_certificates_list on deletion_certificates (removed_at desc, id);
create index deletion_certificates_backup on deletion_certificates (backup_id);

-- Under which policy the ticker deleted it, and why: {policy, reasons}. Null when somebody did it by hand.
alter table backups add column deleted_under jsonb;

-- Trusted time (SAFETY rule 29), by each start of a machine that has looked: what the clock said when it had run for so long.
create table retention_clock (
  boot text primary key,
  elapsed_ms bigint not null,
  mark timestamptz not null
);

do $$
declare
  name text;
begin
  foreach name in array array['retention_policies', 'retention_runs', 'legal_holds', 'deletion_certificates']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
