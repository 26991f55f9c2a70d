-- tenants, people, their roles, sessions and keys

create table tenants (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title text not null,
  created_at timestamptz not null,
  retired_at timestamptz
);

create table users (
  id uuid primary key,
  -- As typed at sign-in; compared without regard to case.
  name text not null,
  title text not null,
  email text,
  -- argon2id in the PHC string format; null for whoever signs in through OpenID Connect alone.
  password_hash text,
  password_changed_at timestamptz,
  must_change_password boolean not null default false,
  totp_secret_sealed bytea,
  -- Shown, and not yet proven to be in somebody's hands.
  totp_pending_sealed bytea,
  -- The last step that was used (RFC 6238 5.2): it and earlier ones are burned.
  totp_last_step bigint not null default 0,
  failed_count integer not null default 0,
  locked_until timestamptz,
  oidc_issuer text,
  oidc_subject text,
  created_at timestamptz not null,
  -- Accounts are never removed: signatures and the trail point to them (21 CFR 11.100).
  retired_at timestamptz
);
create unique index users_name on users (lower(name));
create unique index users_oidc on users (oidc_issuer, oidc_subject) where oidc_subject is not null;

create table password_history (
  user_id uuid not null references users,
  password_hash text not null,
  replaced_at timestamptz not null
);
create index password_history_user on password_history (user_id, replaced_at desc);

create table recovery_codes (
  user_id uuid not null references users,
  code_hash text not null,
  used_at timestamptz,
  primary key (user_id, code_hash)
);

create table role_grants (
  id uuid primary key,
  user_id uuid not null references users,
  role text not null check (role in ('SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER')),
  -- Null: in the whole installation.
  tenant_id uuid references tenants,
  created_at timestamptz not null
);
create unique index role_grants_once on role_grants (user_id, role, coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'));

create table sessions (
  id uuid primary key,
  user_id uuid not null references users,
  -- SHA-256 of the token: whoever reads the catalog signs in as nobody.
  token_hash bytea not null unique,
  created_at timestamptz not null,
  used_at timestamptz not null,
  -- Idle and absolute end.
  idle_until timestamptz not null,
  expires_at timestamptz not null,
  address text not null,
  user_agent text not null,
  -- Password alone was right; nothing but the second step is open until then.
  is_pending boolean not null default false,
  ended_at timestamptz
);
create index sessions_user on sessions (user_id) where ended_at is null;

create table api_keys (
  id uuid primary key,
  user_id uuid not null references users,
  name text not null,
  token_hash bytea not null unique,
  -- A subset of the permissions of its owner.
  permissions text[] not null,
  created_at timestamptz not null,
  used_at timestamptz,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  unique (user_id, name)
);

-- One row until it is used: the link printed at the first start.
create table setup_tokens (
  token_hash bytea primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- Lets its reader set the password of that account, once.
create table password_links (
  token_hash bytea primary key,
  user_id uuid not null references users,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index password_links_user on password_links (user_id);

create table signing_policies (
  user_id uuid primary key references users,
  version integer not null,
  accepted_at timestamptz not null,
  address text not null
);

create table signatures (
  id uuid primary key,
  -- Null: about the whole installation.
  tenant_id uuid references tenants,
  user_id uuid not null references users,
  -- As it was when signed: names change, records do not.
  user_name text not null,
  user_title text not null,
  meaning text not null,
  reason text not null,
  -- What was signed: its kind and the digest of exactly that.
  subject_kind text not null,
  subject_id uuid not null,
  digest text not null,
  signed_at timestamptz not null,
  address text not null
);
create index signatures_subject on signatures (subject_kind, subject_id);

create table idempotency_keys (
  caller_id uuid not null,
  key text not null,
  endpoint text not null,
  request_sha256 text not null,
  status integer,
  reply jsonb,
  created_at timestamptz not null,
  primary key (caller_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table settings (
  name text primary key,
  value jsonb not null,
  changed_at timestamptz not null
);
