import { lstatSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { DirectoryHandle } from './directory-handle.ts'

/** Opens a root as the operator names it. Faults: ROOT_NOT_FOUND, ROOT_SYMLINK, ROOT_NOT_DIRECTORY, ROOT_DENIED. */
export async function openRoot(root: string): Promise<{ readonly handle: DirectoryHandle; readonly path: string }> {
  const place = await placeOfRoot(root)
  const facts = { root: place }
  try {
    const found = lstatSync(place)
    if (found.isSymbolicLink()) throw new Fault('ROOT_SYMLINK', `${place} is a symlink`, facts)
    if (!found.isDirectory()) throw new Fault('ROOT_NOT_DIRECTORY', `${place} is not a directory`, facts)
    return { handle: DirectoryHandle.open(place), path: place }
  } catch (error) {
    throw rootFault(error, place)
  }
}

/** Its absolute path with the symlinks of its parents resolved, as far as they exist. The last part is taken as it is. */
export async function placeOfRoot(root: string): Promise<string> {
  const absolute = path.resolve(root)
  const parent = path.dirname(absolute)
  if (parent === absolute) return absolute
  try {
    return path.join(await realpath(parent), path.basename(absolute))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw rootFault(error, absolute)
    return path.join(await placeOfRoot(parent), path.basename(absolute))
  }
}

function rootFault(error: unknown, root: string): unknown {
  if (error instanceof Fault) return error
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new Fault('ROOT_NOT_FOUND', `there is no directory ${root}`, { root }, { cause: error })
    case 'EACCES':
    case 'EPERM':
      return new Fault('ROOT_DENIED', `${root} may not be read`, { root }, { cause: error })
    default:
      return hostFault(error, `cannot open ${root}`)
  }
}
