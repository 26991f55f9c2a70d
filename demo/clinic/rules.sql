-- What holds between the rows, made once they are there.
alter table clinic.organization add primary key (id), add unique (name);
alter table clinic.site add primary key (id);
alter table clinic.study add primary key (id), add unique (code);
alter table clinic.staff add primary key (id);
alter table clinic.patient add primary key (id), add unique (subject_code);
alter table clinic.visit add primary key (id);
alter table clinic.observation add primary key (id);
alter table clinic.lab_result add primary key (patient_id, id);
alter table clinic.medication add primary key (id);
alter table clinic.consent add primary key (id);
alter table clinic.document add primary key (id), add unique (path);
alter table clinic.audit_log add primary key (at, id);

create index on clinic.patient (study_id);
create index on clinic.patient (lower(family_name), born_on);
create index on clinic.visit (patient_id, began_at);
create index on clinic.observation (visit_id);
create index on clinic.observation using brin (observed_at);
create index on clinic.lab_result (visit_id) where is_abnormal;
create index on clinic.document using gin (metadata jsonb_path_ops);
create index on clinic.document (patient_id) include (kind);

alter table clinic.organization add foreign key (parent_id) references clinic.organization;
alter table clinic.site
  add foreign key (organization_id) references clinic.organization,
  add foreign key (home_study_id) references clinic.study deferrable initially deferred;
alter table clinic.study
  add foreign key (organization_id) references clinic.organization,
  add foreign key (lead_site_id) references clinic.site;
alter table clinic.staff add foreign key (site_id) references clinic.site;
alter table clinic.patient
  add foreign key (organization_id) references clinic.organization,
  add foreign key (study_id) references clinic.study,
  add foreign key (site_id) references clinic.site;
alter table clinic.visit
  add foreign key (patient_id) references clinic.patient on delete cascade,
  add foreign key (staff_id) references clinic.staff;
alter table clinic.observation
  add foreign key (visit_id) references clinic.visit on delete cascade,
  add foreign key (patient_id) references clinic.patient;
alter table clinic.lab_result
  add foreign key (patient_id) references clinic.patient,
  add foreign key (visit_id) references clinic.visit on delete cascade;
alter table clinic.medication add foreign key (patient_id) references clinic.patient on delete cascade;
alter table clinic.consent add foreign key (patient_id) references clinic.patient on delete cascade;
alter table clinic.document
  add foreign key (patient_id) references clinic.patient,
  add foreign key (visit_id) references clinic.visit;

-- Each organization sees its own patients; the role that backs up must see all of them.
do $$
begin
  if not exists (select from pg_roles where rolname = 'clinic_staff') then
    create role clinic_staff nologin;
  end if;
end
$$;
grant usage on schema clinic to clinic_staff;
grant select, insert, update on all tables in schema clinic to clinic_staff;
revoke update on clinic.audit_log from clinic_staff;
alter default privileges in schema clinic grant select on tables to clinic_staff;
alter table clinic.patient enable row level security;
create policy own_organization on clinic.patient to clinic_staff
  using (organization_id = nullif(current_setting('clinic.organization', true), '')::bigint);
alter table clinic.consent enable row level security;
create policy own_patients on clinic.consent for select to clinic_staff
  using (exists (select from clinic.patient where patient.id = consent.patient_id));

create function clinic.record_consent() returns trigger language plpgsql as $$
begin
  insert into clinic.audit_log (at, actor, action, entity_type, entity_id, detail)
  values (coalesce(new.withdrawn_at, new.signed_at), current_user, lower(tg_op), 'consent', new.id, jsonb_build_object('version', new.version));
  return new;
end
$$;
create trigger consent_is_recorded after insert or update on clinic.consent for each row execute function clinic.record_consent();

create view clinic.abnormal_result as
  select patient.subject_code, lab_result.code, lab_result.value, lab_result.unit, lab_result.reported_at
  from clinic.lab_result
  join clinic.patient on patient.id = lab_result.patient_id
  where lab_result.is_abnormal;

create materialized view clinic.study_progress as
  select study.code, count(distinct patient.id) as patients, count(visit.id) as visits, max(visit.began_at) as last_visit_at
  from clinic.study
  left join clinic.patient on patient.study_id = study.id
  left join clinic.visit on visit.patient_id = patient.id
  group by study.code;
create unique index on clinic.study_progress (code);

comment on table clinic.observation is 'Vital signs and device readings: most of the bytes of the database.';
comment on column clinic.document.path is 'Names a file below the root of the files.';
comment on function clinic.record_consent() is 'Every consent leaves a line in the audit log.';
