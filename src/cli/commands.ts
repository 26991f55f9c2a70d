import type { AddCommand } from './command.ts'
import { addBackup } from '#cli/commands/backup.ts'
import { addBackups } from '#cli/commands/backups.ts'
import { addDump } from '#cli/commands/dump.ts'
import { addForget } from '#cli/commands/forget.ts'
import { addRepository } from '#cli/commands/repository.ts'
import { addRestore } from '#cli/commands/restore.ts'
import { addVerify } from '#cli/commands/verify.ts'

/** THE LIST: a new command is one file and one line here. */
export const commands: readonly AddCommand[] = [addRepository, addBackup, addBackups, addVerify, addRestore, addForget, addDump]
