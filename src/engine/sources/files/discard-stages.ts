import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { inodeAt } from './move.ts'
import { isStageOrKeptName } from './own-names.ts'
import { removeTree } from './remove-tree.ts'

/** Removes every staging directory in a folder that is ours alone, whatever modes and however long paths they hold. */
export async function discardStagesIn(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!isStageOrKeptName(name)) continue
    const found = inodeAt(path.join(folder, name))
    if (found) await removeTree(path.join(folder, name), found)
  }
}
