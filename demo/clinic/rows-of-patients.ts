import { createHash } from 'node:crypto'
import { visitTime, dayMs, type ClinicSize } from './clinic-size.ts'
import type { Row } from './copy-rows.ts'
import { randomBytes } from './random-bytes.ts'
import { organizationOf, studyCode } from './rows-of-places.ts'
import { seededRandom } from './seeded-random.ts'
import { cities, drugs, familyNames, givenNames, times } from './vocabulary.ts'

export interface Patient {
  readonly id: number
  readonly studyId: number
  readonly studyCode: string
  readonly subjectCode: string
  readonly name: string
}

export function patientOf(seed: number, id: number, size: ClinicSize): Patient {
  const random = seededRandom(seed, 'patient', id)
  const studyId = 1 + ((id - 1) % size.studies)
  return {
    id,
    studyId,
    studyCode: studyCode(studyId),
    subjectCode: `${studyCode(studyId)}-${String(id).padStart(5, '0')}`,
    name: `${random.pick(givenNames)} ${random.pick(familyNames)}`,
  }
}

export const patientColumns = [
  'id',
  'organization_id',
  'study_id',
  'site_id',
  'subject_code',
  'family_name',
  'given_name',
  'born_on',
  'sex',
  'contact',
  'enrolled_at',
]

export function* patientRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.patients; id += 1) {
    const patient = patientOf(seed, id, size)
    const random = seededRandom(seed, 'patient-details', id)
    const [givenName, ...familyName] = patient.name.split(' ')
    const born = new Date(Date.UTC(1935 + random.integer(0, 70), random.integer(0, 11), random.integer(1, 28)))
    const contact = JSON.stringify({
      city: random.pick(cities),
      phone: `+00 ${random.integer(100, 999)} ${random.integer(100_000, 999_999)}`,
      prefers: random.pick(['phone', 'post', 'e-mail']),
    })
    const sex = random.pick(['female', 'female', 'female', 'male', 'male', 'male', 'other', 'unknown'])
    const enrolled = new Date(visitTime(id - 1, size.visits).getTime() - random.integer(1, 20) * dayMs)
    const organization = organizationOf(patient.studyId, size)
    yield [
      id,
      organization,
      patient.studyId,
      random.integer(1, size.sites),
      patient.subjectCode,
      familyName.join(' '),
      givenName!,
      isoDate(born),
      sex,
      contact,
      enrolled,
    ]
  }
}

export const medicationColumns = ['id', 'patient_id', 'drug', 'dose', 'times', 'period']
const medicationsPerPatient = 10

export function* medicationRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.patients * medicationsPerPatient; id += 1) {
    const random = seededRandom(seed, 'medication', id)
    const patient = 1 + Math.floor((id - 1) / medicationsPerPatient)
    const [drug, dose] = random.pick(drugs)
    const began = visitTime(patient - 1, size.visits).getTime() + random.integer(0, 200) * dayMs
    const ended = random.happens(0.5) ? isoDate(new Date(began + random.integer(7, 90) * dayMs)) : ''
    yield [id, patient, drug, dose, random.pick(times), `[${isoDate(new Date(began))},${ended})`]
  }
}

export const consentColumns = [
  'id',
  'patient_id',
  'version',
  'meaning',
  'signed_by',
  'signed_at',
  'signature',
  'signature_image',
  'withdrawn_at',
]

export function* consentRows(seed: number, size: ClinicSize): Generator<Row> {
  for (let id = 1; id <= size.patients; id += 1) {
    const patient = patientOf(seed, id, size)
    const random = seededRandom(seed, 'consent', id)
    const signedAt = visitTime(id - 1, size.visits)
    const signature = createHash('sha512').update(`${seed} ${patient.subjectCode}`).digest()
    const withdrawn = random.happens(0.02) ? new Date(signedAt.getTime() + 30 * dayMs) : null
    const image = hasSignatureImage(id) ? signatureImageOid(id) : null
    yield [id, id, `${random.integer(1, 3)}.0`, 'I agree to take part in this study', patient.name, signedAt, signature, image, withdrawn]
  }
}

/** Large objects: object id and content, for the patients who signed on a tablet. */
export function* signatureImages(seed: number, size: ClinicSize): Generator<{ oid: number; bytes: Buffer }> {
  for (let id = 1; id <= size.patients; id += 1) {
    if (!hasSignatureImage(id)) continue
    const length = seededRandom(seed, 'signature-image', id).integer(2000, 6000)
    yield {
      oid: signatureImageOid(id),
      bytes: Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(length, seed, 'signature', id)]),
    }
  }
}

function hasSignatureImage(consentId: number): boolean {
  return consentId % 20 === 1
}

function signatureImageOid(consentId: number): number {
  return 900_000 + consentId
}

export function patientOfVisit(visitId: number, size: Pick<ClinicSize, 'patients'>): number {
  return 1 + ((visitId - 1) % size.patients)
}

function isoDate(date: Date): string {
  return date.toISOString().slice(0, 10)
}
