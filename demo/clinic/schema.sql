-- A clinical trial system as an application would have made it: tables first, keys and rules in rules.sql after the rows.
create schema clinic;
comment on schema clinic is 'A synthetic clinical system. No person in it exists.';

create type clinic.sex as enum ('female', 'male', 'other', 'unknown');
create type clinic.visit_status as enum ('planned', 'completed', 'missed', 'cancelled');
create type clinic.document_kind as enum ('report', 'image', 'hl7');
create domain clinic.subject_code as text check (value ~ '^[A-Z]{2}[0-9]{3}-[0-9]{5,7}$');

create table clinic.organization (
  id bigint generated always as identity,
  name text not null,
  country char(2) not null,
  parent_id bigint,
  settings jsonb not null default '{}',
  created_at timestamptz not null
);

create table clinic.site (
  id bigint generated always as identity,
  organization_id bigint not null,
  name text not null,
  city text not null,
  -- A site may be the home of a study, and a study has a leading site: the keys form a circle.
  home_study_id bigint
);

create table clinic.study (
  id bigint generated always as identity,
  organization_id bigint not null,
  lead_site_id bigint,
  code text not null,
  title text not null,
  phase smallint not null check (phase between 1 and 4),
  began_on date not null,
  protocol xml
);

create table clinic.staff (
  id bigint generated always as identity,
  site_id bigint not null,
  name text not null,
  role text not null,
  certificates text[] not null default '{}'
);

create table clinic.patient (
  id bigint generated always as identity,
  organization_id bigint not null,
  study_id bigint not null,
  site_id bigint not null,
  subject_code clinic.subject_code not null,
  family_name text not null,
  given_name text not null,
  born_on date not null,
  sex clinic.sex not null,
  contact jsonb not null,
  enrolled_at timestamptz not null,
  initials text not null generated always as (left(given_name, 1) || left(family_name, 1)) stored
);

create table clinic.visit (
  id bigint generated always as identity,
  patient_id bigint not null,
  staff_id bigint not null,
  status clinic.visit_status not null,
  began_at timestamptz not null,
  ended_at timestamptz not null,
  note text,
  minutes integer not null generated always as ((extract(epoch from ended_at - began_at) / 60)::integer) stored,
  constraint visit_ends_after_it_began check (ended_at >= began_at)
);

create table clinic.observation (
  id bigint generated always as identity,
  visit_id bigint not null,
  patient_id bigint not null,
  code text not null,
  value numeric(9, 2) not null,
  unit text not null,
  observed_at timestamptz not null,
  device text,
  comment text
);

create table clinic.lab_result (
  id bigint generated always as identity,
  patient_id bigint not null,
  visit_id bigint not null,
  code text not null,
  value double precision not null,
  unit text not null,
  reference numrange not null,
  reported_at timestamptz not null,
  is_abnormal boolean not null generated always as (not (value::numeric <@ reference)) stored
) partition by hash (patient_id);
create table clinic.lab_result_0 partition of clinic.lab_result for values with (modulus 3, remainder 0);
create table clinic.lab_result_1 partition of clinic.lab_result for values with (modulus 3, remainder 1);
create table clinic.lab_result_2 partition of clinic.lab_result for values with (modulus 3, remainder 2);

create table clinic.medication (
  id bigint generated always as identity,
  patient_id bigint not null,
  drug text not null,
  dose text not null,
  times time[] not null,
  period daterange not null
);

create table clinic.consent (
  id bigint generated always as identity,
  patient_id bigint not null,
  version text not null,
  meaning text not null,
  signed_by text not null,
  signed_at timestamptz not null,
  signature bytea not null,
  -- A large object, where the signature was drawn on a tablet.
  signature_image oid,
  withdrawn_at timestamptz
);

create table clinic.document (
  id bigint generated always as identity,
  patient_id bigint not null,
  visit_id bigint not null,
  kind clinic.document_kind not null,
  -- Below the root of the files.
  path text not null,
  size_bytes bigint not null,
  sha256 bytea not null,
  metadata jsonb not null
);

create table clinic.audit_log (
  id bigint generated always as identity,
  at timestamptz not null,
  actor text not null,
  action text not null,
  entity_type text not null,
  entity_id bigint not null,
  detail jsonb not null
) partition by range (at);
create table clinic.audit_log_2024 partition of clinic.audit_log for values from ('2024-01-01Z') to ('2025-01-01Z');
create table clinic.audit_log_2025 partition of clinic.audit_log for values from ('2025-01-01Z') to ('2026-01-01Z');
create table clinic.audit_log_rest partition of clinic.audit_log default;

create sequence clinic.invoice_number start 1000 increment 7;
