-- restores of single records beside those of the whole of something

-- The records and the policy of rows are sealed in secrets_sealed of their plan: their keys stand nowhere in the catalog in plain.
alter table restore_plans add column extent text not null default 'whole' check (extent in ('whole', 'records'));
alter table restore_operations add column extent text not null default 'whole' check (extent in ('whole', 'records'));
create index restore_operations_kept_rows on restore_operations (undo_until) where extent = 'records' and released_at is null;
