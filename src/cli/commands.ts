import type { AddCommand } from './command.ts'
import { addBackup } from './commands/backup.ts'
import { addBackups } from './commands/backups.ts'
import { addDump } from './commands/dump.ts'
import { addRepository } from './commands/repository.ts'
import { addRestore } from './commands/restore.ts'
import { addVerify } from './commands/verify.ts'

/** THE LIST: a new command is one file and one line here. */
export const commands: readonly AddCommand[] = [addRepository, addBackup, addBackups, addVerify, addRestore, addDump]
