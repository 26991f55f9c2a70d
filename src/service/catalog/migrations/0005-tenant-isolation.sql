-- rows of one tenant are seen by nobody of another: the server itself sees to it

-- Every transaction says whose rows it may touch (`integrum.tenants`: `*`, or uuids between commas). Without it: none.
create function visible(tenant uuid) returns boolean
  language sql stable parallel safe
  return coalesce(current_setting('integrum.tenants', true), '') = '*'
    or tenant = any (string_to_array(nullif(nullif(current_setting('integrum.tenants', true), ''), '*'), ',')::uuid[]);

do $$
declare
  name text;
begin
  foreach name in array array['signatures', 'repositories', 'systems', 'system_secrets', 'backups', 'restore_plans', 'restore_operations', 'backup_schedules',
    'schedule_ticks', 'runs', 'run_log', 'events', 'downloads', 'uploads', 'audit_events']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I using (visible(tenant_id)) with check (visible(tenant_id))', name);
  end loop;
end $$;
