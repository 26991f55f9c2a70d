-- schedules: blackouts, jitter, catching up, ticks that were missed, following what is observed

select set_config('integrum.tenants', '*', true);

alter table backup_schedules
  -- What the cron expression says; `next_run_at` is that and the jitter.
  add column next_tick_at timestamptz,
  add column blackouts jsonb not null default '[]',
  add column jitter_minutes integer not null default 0 check (jitter_minutes between 0 and 240),
  -- Null: however late. 0: not at all.
  add column catch_up_minutes integer check (catch_up_minutes >= 0),
  add column tolerance_minutes integer not null default 60 check (tolerance_minutes > 0),
  -- Null: as somebody set it. Otherwise it follows what is observed, within these bounds.
  add column follows jsonb,
  add column adapted_at timestamptz;
update backup_schedules set next_tick_at = next_run_at;

-- A tick has begun a backup, or was missed and why. One whose backup nobody took in time is both.
alter table schedule_ticks
  add column planned_at timestamptz,
  add column missed_at timestamptz,
  add column missed_because text;
update schedule_ticks set planned_at = tick;
update schedule_ticks set missed_at = created_at, missed_because = 'refused' where fault is not null;
alter table schedule_ticks alter column planned_at set not null;
create index schedule_ticks_backup on schedule_ticks (backup_id) where missed_at is null;
create index backups_waiting on backups (schedule_id) where status = 'pending';
