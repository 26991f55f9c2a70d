export interface RecoverySheet {
  readonly recoveryKey: string
  readonly name: string
  readonly place: string
  /** restic's own id of the repository. */
  readonly repositoryId: string
  readonly at: string
}

export function groupsOf(recoveryKey: string): readonly string[] {
  return recoveryKey.split('-')
}

/** Read from paper: any case, O for 0, I and L for 1, as where the key itself is taken. */
export function isLastGroup(recoveryKey: string, typed: string): boolean {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return letters === groupsOf(recoveryKey).at(-1)
}

/** A file that whoever finds it in ten years understands. */
export function printSheet({ recoveryKey, name, place, repositoryId, at }: RecoverySheet): string {
  return `Integrum: recovery key of the repository ${name}

${recoveryKey}

Made:        ${at.slice(0, 10)}
Place:       ${place}
Repository:  ${repositoryId}

This key opens every backup in that repository when its password is lost. Nobody can make it again.
Whoever has it and the repository can read every record in it: keep it offline, apart from the repository,
as you keep the keys of a safe.

To bring everything back on an empty machine with Integrum, put the key into a file and run

  integrum catalog rebuild --repository ${place} --password-file FILE --data /var/lib/integrum-service
`
}
