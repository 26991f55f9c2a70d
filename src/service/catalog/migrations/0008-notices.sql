-- how notices reach people: channels, and what became of each message

-- Why it was acknowledged, and when people were last told of it; null: when it opened, and not since.
alter table alerts add column acknowledged_note text, add column told_at timestamptz;
create index alerts_still_open on alerts (opened_at) where settled_at is null;

-- An alert that stays open is told again. Null as long as nobody has looked which channels a notice goes to.
alter table notices add column spread_at timestamptz, drop constraint notices_occasion_check,
  add constraint notices_occasion_check check (occasion in ('opened', 'repeated', 'settled', 'happened'));
create index notices_unspread on notices (at) where spread_at is null;

create table notice_channels (
  id uuid primary key,
  -- Null: of the whole installation, and told of all its tenants.
  tenant_id uuid references tenants,
  name text not null,
  -- One of channel-kinds.ts, which knows what its settings are.
  kind text not null,
  settings jsonb not null,
  secrets_sealed bytea not null,
  is_active boolean not null default true,
  -- Null: all of them.
  notice_kinds text[],
  severity_least text not null check (severity_least in ('info', 'warning', 'critical')),
  -- {"time": "07:00", "timeZone": "Europe/Berlin"}; null: no digest.
  digest jsonb,
  digest_since timestamptz,
  digest_next_at timestamptz,
  -- What became of its messages.
  delivered_at timestamptz,
  failing_since timestamptz,
  last_fault jsonb,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  deleted_at timestamptz
);
create unique index notice_channels_name on notice_channels (coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), name)
  where deleted_at is null;
create index notice_channels_digest on notice_channels (digest_next_at) where deleted_at is null and is_active;

-- One message through one channel. Of a notice once for each channel, however many services there are.
create table notice_deliveries (
  id uuid primary key,
  -- Of the channel.
  tenant_id uuid references tenants,
  channel_id uuid not null references notice_channels,
  -- Null: a digest.
  notice_id uuid references notices,
  message jsonb not null,
  status text not null check (status in ('pending', 'delivered', 'given_up')),
  attempts integer not null default 0,
  next_try_at timestamptz,
  -- While somebody sends it: when another one may take that one for lost.
  claimed_until timestamptz,
  last_fault jsonb,
  -- What the server said when it took it.
  answer text,
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (channel_id, notice_id)
);
create index notice_deliveries_due on notice_deliveries (channel_id, next_try_at) where status = 'pending';
create index notice_deliveries_list on notice_deliveries (created_at desc, id);

do $$
declare
  name text;
begin
  foreach name in array array['notice_channels', 'notice_deliveries']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
