// What a process loads that waits for its job: a backup is what most of them are asked for, and most of what the others need.
import '#engine/sources/files/capture.ts'
import '#engine/sources/postgres/capture.ts'
import './work/backup.work.ts'
