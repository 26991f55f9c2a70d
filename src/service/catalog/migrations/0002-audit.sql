-- the audit trail and its signed checkpoints

create table audit_events (
  seq bigint primary key,
  id uuid not null unique,
  tenant_id uuid references tenants,
  at timestamptz not null,
  -- `user`, `key` or `system`; the name as it was then.
  actor_kind text not null check (actor_kind in ('user', 'key', 'system', 'nobody')),
  actor_id uuid,
  actor_name text not null,
  address text not null,
  request_id uuid,
  action text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  subject_kind text,
  subject_id text,
  subject_name text,
  reason text,
  before jsonb,
  after jsonb,
  facts jsonb not null,
  -- SHA-256 over the event in canonical JSON and the hash of the one before.
  previous_hash text not null,
  hash text not null unique
);
create index audit_events_at on audit_events (at desc, seq desc);
create index audit_events_tenant on audit_events (tenant_id, seq desc);
create index audit_events_action on audit_events (action, seq desc);
create index audit_events_actor on audit_events (actor_id, seq desc);
create index audit_events_subject on audit_events (subject_kind, subject_id, seq desc);

-- One row: the end of the chain. Whoever appends locks it.
create table audit_head (
  only_one boolean primary key default true check (only_one),
  seq bigint not null,
  hash text not null
);
insert into audit_head (seq, hash) values (0, repeat('0', 64));

create table audit_checkpoints (
  seq bigint primary key,
  hash text not null,
  at timestamptz not null,
  public_key text not null,
  signature text not null,
  -- Where a copy lies beside the data it speaks of.
  repositories jsonb not null default '[]'
);
