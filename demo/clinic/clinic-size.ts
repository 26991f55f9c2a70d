import assert from 'node:assert/strict'

/** How many there are of each thing. Scale 1 is about 50 MB of database and 4 MB in 400 files; all of it grows with the scale. */
export interface ClinicSize {
  readonly organizations: number
  readonly sites: number
  readonly studies: number
  readonly staff: number
  readonly patients: number
  readonly visits: number
}

export const perVisit = { observations: 125, labResults: 16, auditEvents: 6 } as const
const visitsPerPatient = 5
export const visitsPerDocument = 5
const patientsPerScale = 400

export function clinicSize(scale: number): ClinicSize {
  assert(scale > 0 && scale <= 10_000, `a scale between 0 and 10000, not ${scale}`)
  const organizations = Math.max(2, Math.round(2 * scale))
  const patients = Math.max(4, Math.round(patientsPerScale * scale))
  return {
    organizations,
    sites: organizations * 3,
    studies: organizations * 2,
    staff: organizations * 15,
    patients,
    visits: patients * visitsPerPatient,
  }
}

/** The two years that a freshly made clinic looks back on. */
export const clinicBegan = Date.UTC(2024, 5, 1)
export const clinicDays = 730
export const dayMs = 86_400_000

/** Visits come one after another through the years, at seven in the morning at the earliest and five in the afternoon at the latest. */
export function visitTime(index: number, visits: number): Date {
  const days = (index * clinicDays) / visits
  return timeOfDay(clinicBegan + Math.floor(days) * dayMs, days % 1)
}

/** `fraction` of the working hours of the day that begins at `dayBeginsMs`; whole seconds. */
export function timeOfDay(dayBeginsMs: number, fraction: number): Date {
  return new Date(dayBeginsMs + 7 * 3_600_000 + Math.floor(fraction * 36_000) * 1000)
}
