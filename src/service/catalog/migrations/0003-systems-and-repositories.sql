-- protected systems and the repositories of their backups

create table repositories (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  name text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  -- The storage driver's place, such as `local:/data/backups`, without secrets.
  place text not null,
  -- The restic repository id: the same repository is never registered twice.
  repository_id text not null,
  password_sealed bytea not null,
  -- Credentials of the driver, sealed.
  secrets_sealed bytea,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  retired_at timestamptz,
  -- What the last look at it found.
  state jsonb not null default '{}',
  unique (tenant_id, name)
);
create unique index repositories_once on repositories (repository_id) where retired_at is null;

create table systems (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  name text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title text not null,
  description text not null default '',
  repository_id uuid not null references repositories,
  -- [{name, url, passwordSealed?}] and [{name, path}].
  databases jsonb not null,
  roots jsonb not null,
  -- SystemSettings of base/settings.ts.
  settings jsonb not null,
  requires_second_approver boolean not null default false,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  retired_at timestamptz,
  last_test jsonb,
  unique (tenant_id, name)
);

-- Passwords of a system's databases, apart from what lists show.
create table system_secrets (
  system_id uuid not null references systems,
  tenant_id uuid not null references tenants,
  name text not null,
  sealed bytea not null,
  primary key (system_id, name)
);
