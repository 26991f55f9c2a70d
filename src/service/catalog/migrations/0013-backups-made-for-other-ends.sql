-- backups that are made of a system and do not stand for it (base/backup-types.ts)

alter table backups drop constraint backups_type_check;
alter table backups add constraint backups_type_check check (type in ('full', 'database', 'files', 'masked'));
