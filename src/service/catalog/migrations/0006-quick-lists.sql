-- whose rows a transaction may see is found out once for a query, not for each row

create function sees_all() returns boolean
  language sql stable parallel safe
  return coalesce(current_setting('integrum.tenants', true), '') = '*';

create function seen_tenants() returns uuid[]
  language sql stable parallel safe
  return string_to_array(nullif(nullif(current_setting('integrum.tenants', true), ''), '*'), ',')::uuid[];

-- In sub-selects, so that the planner runs each of them once.
do $$
declare
  name text;
begin
  for name in select tablename from pg_policies where schemaname = current_schema and policyname = 'tenant'
  loop
    execute format('alter policy tenant on %I using ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))
      with check ((select sees_all()) or tenant_id = any ((select seen_tenants())::uuid[]))', name);
  end loop;
end $$;
drop function visible(uuid);

create index backups_newest on backups (created_at desc, id) where deleted_at is null;
