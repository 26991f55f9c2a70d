-- backups, restores, schedules, and the runs that make them

create table backups (
  -- The uuid of the snapshot's tag `backup=<uuid>`; a backup in the making has one too.
  id uuid primary key,
  tenant_id uuid not null references tenants,
  system_id uuid references systems,
  system_name text not null,
  repository_id uuid not null references repositories,
  name text not null,
  type text not null check (type in ('full', 'database', 'files')),
  purpose text not null default 'regular',
  description text not null default '',
  status text not null check (status in ('pending', 'in_progress', 'completed', 'completed_with_gaps', 'failed', 'cancelled')),
  -- restic's snapshot id.
  snapshot text,
  file_path text,
  -- Logical bytes, bytes stored for it, and the share saved by compression alone.
  file_size_bytes bigint,
  file_size_compressed bigint,
  compression_ratio double precision,
  -- SHA-256 of the manifest.
  checksum text,
  created_by text not null,
  created_by_id uuid,
  -- The schedule that had it made.
  schedule_id uuid,
  created_at timestamptz not null,
  completed_at timestamptz,
  -- Unverified, intact, proven or failed, and since when (engine/repository/proofs.ts).
  standing text not null default 'unverified',
  standing_at timestamptz,
  gap_count integer not null default 0,
  metadata jsonb not null default '{}',
  fault jsonb,
  run_id uuid,
  -- Soft delete: gone from lists, physically removed after the grace period. A removed backup stays as a tombstone.
  deleted_at timestamptz,
  deleted_by text,
  delete_reason text,
  removal_due_at timestamptz,
  -- The job that removes it, and why the last try did not.
  removal_run_id uuid,
  removal_fault jsonb,
  removed_at timestamptz,
  -- Since when its snapshot is not in the repository although nobody removed it through the service.
  missing_at timestamptz,
  unique (tenant_id, name)
);
create index backups_list on backups (tenant_id, created_at desc, id);
create index backups_system on backups (system_id, created_at desc);
create index backups_status on backups (status, created_at desc);
create index backups_type on backups (type, created_at desc);
create index backups_name on backups (name text_pattern_ops);
create index backups_repository on backups (repository_id) where removed_at is null;
create index backups_removal on backups (removal_due_at) where removed_at is null and deleted_at is not null;

create table restore_plans (
  -- The id of the restore that the plan would be.
  id uuid primary key,
  tenant_id uuid not null references tenants,
  system_id uuid references systems,
  system_name text not null,
  backup_id uuid not null references backups,
  repository_id uuid not null references repositories,
  -- The job that makes it, and what came of it; what follows is known once it is ready.
  run_id uuid,
  status text not null check (status in ('pending', 'ready', 'failed')),
  -- What was asked for, and, sealed, the passwords of databases elsewhere.
  request jsonb not null,
  secrets_sealed bytea,
  digest text,
  -- RestorePlan of engine/restore/plan.ts, as the engine printed it: it is parsed again before it is carried out.
  document text,
  summary jsonb,
  fault jsonb,
  created_by text not null,
  created_by_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz,
  -- Single use.
  used_at timestamptz
);
create index restore_plans_tenant on restore_plans (tenant_id, created_at desc);

create table restore_operations (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  system_id uuid references systems,
  system_name text not null,
  backup_id uuid not null references backups,
  plan_id uuid references restore_plans,
  kind text not null check (kind in ('restore', 'undo', 'release')),
  -- What an undo takes back, what a release lets go.
  of_restore_id uuid references restore_operations,
  status text not null check (status in ('pending', 'in_progress', 'completed', 'completed_with_gaps', 'failed', 'cancelled')),
  restored_by text not null,
  restored_by_id uuid,
  -- A second person must sign before it begins, and has.
  waits_for_approval boolean not null default false,
  approved_by text,
  approved_by_id uuid,
  created_at timestamptz not null,
  started_at timestamptz,
  completed_at timestamptz,
  safety_backup_id uuid,
  without_safety_backup_reason text,
  reason text not null,
  -- What the engine verified, measured and noted.
  validation_results jsonb not null default '{}',
  undo_until timestamptz,
  undone_at timestamptz,
  released_at timestamptz,
  fault jsonb,
  run_id uuid
);
create index restore_operations_list on restore_operations (tenant_id, created_at desc, id);
create index restore_operations_system on restore_operations (system_id, created_at desc);

create table backup_schedules (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  system_id uuid not null references systems,
  name text not null,
  backup_type text not null check (backup_type in ('full', 'database', 'files')),
  is_active boolean not null,
  cron_expression text not null,
  time_zone text not null,
  retention_days integer check (retention_days > 0),
  created_by text not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  last_run_at timestamptz,
  last_status text,
  next_run_at timestamptz,
  deleted_at timestamptz
);
create unique index backup_schedules_name on backup_schedules (tenant_id, name) where deleted_at is null;
create index backup_schedules_due on backup_schedules (next_run_at) where is_active and deleted_at is null;

-- Each time that a schedule ran: once, however many services look at the clock.
create table schedule_ticks (
  schedule_id uuid not null references backup_schedules,
  tenant_id uuid not null references tenants,
  tick timestamptz not null,
  backup_id uuid,
  fault jsonb,
  created_at timestamptz not null,
  primary key (schedule_id, tick)
);

create table runs (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  kind text not null,
  system_id uuid references systems,
  repository_id uuid references repositories,
  -- What it is about: a backup, a restore.
  subject_id uuid,
  title text not null,
  status text not null check (status in ('pending', 'in_progress', 'completed', 'completed_with_gaps', 'failed', 'cancelled')),
  -- What the kind needs to do it, without secrets.
  job_order jsonb not null,
  -- Which worker has it, in which attempt: every write of a worker names both, and a fenced one changes nothing.
  job_id uuid,
  attempt integer not null default 0,
  -- Attempts that failed and are tried again, or whose worker was lost. One that was handed over does not count.
  failures integer not null default 0,
  worker text,
  stage text,
  percent double precision,
  done_bytes bigint,
  total_bytes bigint,
  done_files bigint,
  bytes_per_second double precision,
  left_seconds double precision,
  -- What a successor must know of this attempt: the id of its repository lock, the step it reached.
  trail jsonb not null default '{}',
  result jsonb,
  fault jsonb,
  created_by text not null,
  created_by_id uuid,
  created_at timestamptz not null,
  started_at timestamptz,
  progress_at timestamptz,
  ended_at timestamptz,
  cancel_requested_at timestamptz,
  cancel_requested_by text
);
create index runs_list on runs (tenant_id, created_at desc, id);
create index runs_system on runs (system_id, created_at desc);
create index runs_open on runs (status) where status in ('pending', 'in_progress');

create table run_log (
  run_id uuid not null references runs on delete cascade,
  seq bigint generated always as identity,
  tenant_id uuid not null references tenants,
  attempt integer not null,
  at timestamptz not null,
  level text not null check (level in ('info', 'warning', 'error')),
  line text not null,
  primary key (run_id, seq)
);

-- What listeners of /api/v1/events resume from.
create table events (
  id bigint generated always as identity primary key,
  tenant_id uuid references tenants,
  at timestamptz not null,
  kind text not null,
  subject_id uuid,
  body jsonb not null
);
create index events_at on events (at);

-- Portable archives in the making, and those that wait to be fetched.
create table downloads (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  backup_id uuid not null references backups,
  format text not null check (format in ('tar', 'tar.gz', 'tar.zst')),
  is_encrypted boolean not null,
  -- Until the archive is made.
  passphrase_sealed bytea,
  -- SHA-256 of the archive: its ETag.
  sha256 text,
  size_bytes bigint,
  path text,
  run_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create unique index downloads_once on downloads (backup_id, format) where not is_encrypted;
create index downloads_expiry on downloads (expires_at);

-- Files on their way into a repository.
create table uploads (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  file_name text not null,
  path text not null,
  size_bytes bigint not null,
  sha256 text not null,
  passphrase_sealed bytea,
  run_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
