import type { ClinicSize } from './clinic-size.ts'
import { clinicBegan, dayMs } from './clinic-size.ts'
import type { Row } from './copy-rows.ts'
import { seededRandom } from './seeded-random.ts'
import { certificates, cities, countries, familyNames, givenNames, staffRoles, studyTitles } from './vocabulary.ts'

// Who runs the clinic: organizations, their sites, studies and staff. Everything else belongs to one of them by its number.

export const organizationColumns = ['id', 'name', 'country', 'parent_id', 'settings', 'created_at']

export function* organizationRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.organizations; id += 1) {
    const random = seededRandom(seed, 'organization', id)
    const city = random.pick(cities)
    const settings = JSON.stringify({ language: random.pick(['en', 'de', 'fr', 'es']), blinded: random.happens(0.6) })
    const parent = id > 2 && random.happens(0.3) ? random.integer(1, id - 1) : null
    yield [
      id,
      `Clinical Research ${city} ${id}`,
      random.pick(countries),
      parent,
      settings,
      new Date(clinicBegan - random.integer(30, 900) * dayMs),
    ]
  }
}

export const siteColumns = ['id', 'organization_id', 'name', 'city', 'home_study_id']

export function* siteRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.sites; id += 1) {
    const random = seededRandom(seed, 'site', id)
    const city = random.pick(cities)
    const homeStudy = random.happens(0.4) ? random.integer(1, size.studies) : null
    yield [id, organizationOf(id, size), `${random.pick(['University Hospital', 'Medical Centre', 'Clinic'])} ${city}`, city, homeStudy]
  }
}

export const studyColumns = ['id', 'organization_id', 'lead_site_id', 'code', 'title', 'phase', 'began_on', 'protocol']

export function* studyRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.studies; id += 1) {
    const random = seededRandom(seed, 'study', id)
    const title = random.pick(studyTitles)
    const arms = random.integer(2, 4)
    const protocol = `<protocol version="${random.integer(1, 6)}"><title>${title}</title><arms>${'<arm ratio="1"/>'.repeat(arms)}</arms></protocol>`
    const began = new Date(clinicBegan - random.integer(10, 400) * dayMs)
    yield [id, organizationOf(id, size), random.integer(1, size.sites), studyCode(id), title, random.integer(1, 4), began, protocol]
  }
}

export const staffColumns = ['id', 'site_id', 'name', 'role', 'certificates']

export function* staffRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.staff; id += 1) {
    const random = seededRandom(seed, 'staff', id)
    const held = certificates.filter(() => random.happens(0.4)).map((name) => `"${name}"`)
    yield [
      id,
      1 + ((id - 1) % size.sites),
      `${random.pick(givenNames)} ${random.pick(familyNames)}`,
      random.pick(staffRoles),
      `{${held.join(',')}}`,
    ]
  }
}

export function organizationOf(id: number, size: Pick<ClinicSize, 'organizations'>): number {
  return 1 + ((id - 1) % size.organizations)
}

export function studyCode(id: number): string {
  return `LX${String(id).padStart(3, '0')}`
}
