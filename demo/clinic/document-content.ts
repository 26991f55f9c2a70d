import { unreachable } from '#base/unreachable.ts'
import { randomBytes } from './random-bytes.ts'
import type { Patient } from './rows-of-patients.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'
import { laboratory, sentences } from './vocabulary.ts'

export type DocumentKind = 'report' | 'image' | 'hl7'

export interface DocumentOrder {
  readonly id: number
  readonly kind: DocumentKind
  readonly patient: Patient
  readonly at: Date
  readonly seed: number
}

/** A document as the clinic would file it: the path below the root, and its bytes. */
export function documentOf(order: DocumentOrder): { path: string; bytes: Buffer } {
  const { id, kind, patient, at, seed } = order
  const random = seededRandom(seed, 'document-content', id)
  const day = at.toISOString().slice(0, 10)
  const folder = `studies/${patient.studyCode}/${patient.subjectCode}`
  switch (kind) {
    case 'report':
      return { path: `${folder}/reports/${day}-report-${id}.txt`, bytes: reportOf(order, random) }
    case 'image':
      return { path: `${folder}/images/${day}-${random.pick(['CT', 'MR', 'XA'])}-${id}.dcm`, bytes: imageOf(order, random) }
    case 'hl7':
      return { path: `uploads/${day.slice(0, 4)}/${day.slice(5, 7)}/ORU-${id}.hl7`, bytes: messageOf(order, random) }
    default:
      return unreachable(kind)
  }
}

function reportOf({ id, patient, at }: DocumentOrder, random: SeededRandom): Buffer {
  const lines = [`Report ${id}`, `Subject ${patient.subjectCode}`, `Date ${at.toISOString()}`, '']
  const paragraphs = random.integer(20, 180)
  for (let index = 0; index < paragraphs; index += 1) {
    lines.push(Array.from({ length: random.integer(1, 4) }, () => random.pick(sentences)).join(' '), '')
  }
  return Buffer.from(lines.join('\n'), 'utf8')
}

/** DICOM part 10 begins with 128 bytes of preamble and `DICM`; the pixels are compressed already, so they look random. */
function imageOf({ id, patient, at, seed }: DocumentOrder, random: SeededRandom): Buffer {
  const header = `DICM${patient.studyCode}^${patient.subjectCode}^${at.toISOString()}`
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from(header.padEnd(512, '\0')),
    randomBytes(random.integer(20_000, 60_000), seed, 'image', id),
  ])
}

/** HL7 version 2: segments end in a carriage return. */
function messageOf({ id, patient, at }: DocumentOrder, random: SeededRandom): Buffer {
  const stamp = at.toISOString().replace(/[-:T]|\..*$/g, '')
  const segments = [
    `MSH|^~\\&|LAB|CENTRAL|EDC|${patient.studyCode}|${stamp}||ORU^R01|${id}|P|2.5.1`,
    `PID|1||${patient.subjectCode}||${patient.name.replace(' ', '^')}`,
    `OBR|1|${id}||PANEL^Safety laboratory|||${stamp}`,
  ]
  const results = random.integer(8, 60)
  for (let index = 1; index <= results; index += 1) {
    const test = random.pick(laboratory)
    const value = Math.abs(random.around(test.mean, test.deviation)).toFixed(test.decimals)
    segments.push(`OBX|${index}|NM|${test.code}^LN||${value}|${test.unit}|${test.low}-${test.high}|${random.happens(0.9) ? 'N' : 'A'}|||F`)
  }
  return Buffer.from(`${segments.join('\r')}\r`, 'utf8')
}
