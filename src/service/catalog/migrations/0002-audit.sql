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
  -- SHA-256 over the hash of the one before and that of this event in canonical JSON (audit-event.ts).
  previous_hash text not null,
  hash text not null unique,
  -- HMAC of the hash under a key that is not in the catalog: nobody writes an event with SQL alone.
  stamp text not null
);
create index audit_events_at on audit_events (at desc, seq desc);
create index audit_events_tenant on audit_events (tenant_id, seq desc);
create index audit_events_action on audit_events (action, seq desc);
create index audit_events_actor on audit_events (actor_id, seq desc);
create index audit_events_subject on audit_events (subject_kind, subject_id, seq desc);

-- One row: the end of the chain, signed. Whoever appends locks it.
create table audit_head (
  only_one boolean primary key default true check (only_one),
  seq bigint not null,
  hash text not null,
  -- Ed25519 over the end of the trail as a JSON document that carries its signature; null before the first event.
  signed jsonb,
  -- Which key of the installation signs.
  generation integer not null default 1,
  -- A new key waits until the one before has signed a checkpoint over the event that names it.
  is_handing_over boolean not null default false
);
insert into audit_head (seq, hash) values (0, repeat('0', 64));

create table audit_checkpoints (
  seq bigint primary key,
  hash text not null,
  at timestamptz not null,
  public_key text not null,
  signature text not null
);

-- Where copies of checkpoints lie beside the backups: the newest of each repository. What the repositories themselves say counts.
create table audit_copies (
  repository_id uuid primary key,
  seq bigint not null,
  snapshot text not null,
  at timestamptz not null
);

-- The trail is added to, and nothing else. Whoever owns the tables can take these away: then `audit verify` finds what they did.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is added to and never changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger unalterable before update or delete or truncate on audit_events for each statement execute function refuse_change();
create trigger unalterable before update or delete or truncate on audit_checkpoints for each statement execute function refuse_change();
create trigger unalterable before delete or truncate on audit_head for each statement execute function refuse_change();

create function refuse_going_back() returns trigger language plpgsql as $$
begin
  if new.seq not in (old.seq, old.seq + 1) or new.generation < old.generation then
    raise exception 'the end of the trail goes forward only' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger forward_only before update on audit_head for each row execute function refuse_going_back();
