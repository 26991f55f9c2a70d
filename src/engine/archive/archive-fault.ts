import { Fault } from '#base/fault.ts'

/** Bytes of an archive are wrong or missing. */
export function damagedArchive(fact: string, options?: { cause?: unknown }): Fault {
  return new Fault('DAMAGE_ARCHIVE', fact, {}, options)
}

export function truncatedArchive(where: string): Fault {
  return damagedArchive(`the archive ends in the middle of ${where}`)
}

/** Something that an archive can hold and that is not taken. */
export function refusedFormat(fact: string): Fault {
  return new Fault('ARCHIVE_FORMAT', fact)
}
