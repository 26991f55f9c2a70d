/** What is there by now. */
export interface FirstDay {
  readonly isTotpEnrolled: boolean
  readonly repositories: number
  readonly systems: number
  readonly backups: number
  readonly schedules: number
}

/** Authenticator, repository, system, backup, schedules: in the order of the page. */
export function stepsDone({ isTotpEnrolled, repositories, systems, backups, schedules }: FirstDay): readonly boolean[] {
  return [isTotpEnrolled, repositories > 0, systems > 0, backups > 0, schedules > 0]
}
