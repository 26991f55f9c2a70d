import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#base/fault.ts'

export interface Programs {
  /** Folder with the programs, absolute. */
  readonly folder: string
  readonly majorVersion: number
}

/**
 * The newest installed PostgreSQL whose folder has `program`, of at least `majorVersionMin`. `undefined` when none is.
 * Debian keeps one folder per major version; elsewhere `INTEGRUM_POSTGRES_PROGRAMS=MAJOR:FOLDER` names one.
 */
export function postgresPrograms(program: string, majorVersionMin = 0): Programs | undefined {
  const fits = installed().filter((found) => found.majorVersion >= majorVersionMin && existsSync(path.join(found.folder, program)))
  return fits.toSorted((a, b) => b.majorVersion - a.majorVersion)[0]
}

/** The installed PostgreSQL of that very major version, or else the next newer one. `undefined` when all are older. */
export function closestPrograms(program: string, majorVersion: number): Programs | undefined {
  const fits = installed().filter((found) => found.majorVersion >= majorVersion && existsSync(path.join(found.folder, program)))
  return fits.toSorted((a, b) => a.majorVersion - b.majorVersion)[0]
}

export function assertFound(programs: Programs | undefined): Programs {
  if (programs) return programs
  throw new Fault('TOOL_MISSING', 'no PostgreSQL programs are installed', { looked: debianFolder })
}

const debianFolder = '/usr/lib/postgresql'

function installed(): Programs[] {
  const found: Programs[] = []
  const named = /^(\d+):(.+)$/.exec(process.env['INTEGRUM_POSTGRES_PROGRAMS'] ?? '')
  if (named) found.push({ majorVersion: Number(named[1]), folder: path.resolve(named[2]!) })
  for (const version of existsSync(debianFolder) ? readdirSync(debianFolder) : []) {
    if (/^\d+$/.test(version)) found.push({ majorVersion: Number(version), folder: path.join(debianFolder, version, 'bin') })
  }
  return found
}
