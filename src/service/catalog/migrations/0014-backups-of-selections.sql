-- backups of some records, tables or times of a system (base/backup-types.ts); what was selected is sealed until its job has it

alter table backups drop constraint backups_type_check;
alter table backups add constraint backups_type_check check (type in ('full', 'database', 'files', 'masked', 'entity'));
alter table backups add column selection_sealed bytea;
