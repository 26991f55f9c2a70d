import { perVisit, type ClinicSize } from './clinic-size.ts'
import type { Row } from './copy-rows.ts'
import { patientOfVisit } from './rows-of-patients.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'
import { devices, laboratory, sentences, vitalSigns } from './vocabulary.ts'

/** Visits in order of time, numbered from `firstId`. */
export interface VisitRange {
  readonly seed: number
  readonly size: ClinicSize
  readonly firstId: number
  readonly count: number
  readonly timeOf: (id: number) => Date
}

function* visitsOf(range: VisitRange): Generator<{ id: number; patientId: number; beganAt: Date }> {
  for (let id = range.firstId; id < range.firstId + range.count; id += 1) {
    yield { id, patientId: patientOfVisit(id, range.size), beganAt: range.timeOf(id) }
  }
}

export const visitColumns = ['id', 'patient_id', 'staff_id', 'status', 'began_at', 'ended_at', 'note']

export function* visitRows(range: VisitRange): Generator<Row> {
  for (const { id, patientId, beganAt } of visitsOf(range)) {
    const random = seededRandom(range.seed, 'visit', id)
    const status = random.happens(0.94) ? 'completed' : random.pick(['missed', 'cancelled'])
    const ended = new Date(beganAt.getTime() + random.integer(12, 95) * 60_000)
    yield [id, patientId, random.integer(1, range.size.staff), status, beganAt, ended, random.happens(0.85) ? noteOf(random) : null]
  }
}

export function noteOf(random: SeededRandom): string {
  const lines = Array.from({ length: random.integer(2, 9) }, () => random.pick(sentences))
  return lines.join(random.happens(0.3) ? '\n' : ' ')
}

export const observationColumns = ['id', 'visit_id', 'patient_id', 'code', 'value', 'unit', 'observed_at', 'device', 'comment']

export function* observationRows(range: VisitRange): Generator<Row> {
  for (const { id, patientId, beganAt } of visitsOf(range)) {
    const random = seededRandom(range.seed, 'observation', id)
    const device = random.pick(devices)
    for (let index = 0; index < perVisit.observations; index += 1) {
      const sign = vitalSigns[index % vitalSigns.length]!
      const value = Math.abs(random.around(sign.mean, sign.deviation)).toFixed(sign.decimals)
      const at = new Date(beganAt.getTime() + index * 6000 + random.integer(0, 5999))
      const comment = random.happens(0.03) ? random.pick(sentences) : null
      yield [(id - 1) * perVisit.observations + index + 1, id, patientId, sign.code, value, sign.unit, at, device, comment]
    }
  }
}

export const labResultColumns = ['id', 'patient_id', 'visit_id', 'code', 'value', 'unit', 'reference', 'reported_at']

export function* labResultRows(range: VisitRange): Generator<Row> {
  for (const { id, patientId, beganAt } of visitsOf(range)) {
    const random = seededRandom(range.seed, 'lab-result', id)
    for (let index = 0; index < perVisit.labResults; index += 1) {
      const test = laboratory[(id + index) % laboratory.length]!
      const value = Math.abs(random.around(test.mean, test.deviation)).toFixed(test.decimals)
      const reported = new Date(beganAt.getTime() + random.integer(2, 30) * 3_600_000)
      yield [(id - 1) * perVisit.labResults + index + 1, patientId, id, test.code, value, test.unit, `[${test.low},${test.high}]`, reported]
    }
  }
}

export const auditColumns = ['id', 'at', 'actor', 'action', 'entity_type', 'entity_id', 'detail']

export function* auditRows(range: VisitRange): Generator<Row> {
  const actions = ['view', 'create', 'update', 'sign'] as const
  for (const { id, patientId, beganAt } of visitsOf(range)) {
    const random = seededRandom(range.seed, 'audit', id)
    for (let index = 0; index < perVisit.auditEvents; index += 1) {
      const at = new Date(beganAt.getTime() + index * 240_000 + random.integer(0, 200_000))
      const isOfPatient = random.happens(0.3)
      const detail = JSON.stringify({
        from: `10.0.${random.integer(0, 7)}.${random.integer(2, 250)}`,
        session: random.integer(10_000, 99_999),
      })
      yield [
        (id - 1) * perVisit.auditEvents + index + 1,
        at,
        `staff-${random.integer(1, range.size.staff)}`,
        actions[index % actions.length]!,
        isOfPatient ? 'patient' : 'visit',
        isOfPatient ? patientId : id,
        detail,
      ]
    }
  }
}
