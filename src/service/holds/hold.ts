/** A legal hold that nobody has released; what is null bounds nothing. */
export interface Hold {
  readonly id: string
  readonly backupId: string | null
  readonly systemName: string | null
  readonly from: Date | null
  readonly to: Date | null
  readonly reference: string
}

export interface HoldableBackup {
  readonly id: string
  readonly systemName: string
  readonly createdAt: Date
}

export function covers(hold: Hold, { id, systemName, createdAt }: HoldableBackup): boolean {
  if (hold.backupId !== null) return hold.backupId === id
  if (hold.systemName !== null && hold.systemName !== systemName) return false
  return (hold.from === null || createdAt >= hold.from) && (hold.to === null || createdAt < hold.to)
}
