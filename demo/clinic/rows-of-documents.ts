import { createHash } from 'node:crypto'
import { visitsPerDocument } from './clinic-size.ts'
import type { Row } from './copy-rows.ts'
import { documentOf, type DocumentKind } from './document-content.ts'
import type { FileTree } from './file-tree.ts'
import { patientOf, patientOfVisit } from './rows-of-patients.ts'
import type { VisitRange } from './rows-of-visits.ts'
import { seededRandom } from './seeded-random.ts'

export const documentColumns = ['id', 'patient_id', 'visit_id', 'kind', 'path', 'size_bytes', 'sha256', 'metadata']

/** One visit of five leaves a document, each time another patient's: the file is written first, then its row names it. */
export async function* documentRows(range: VisitRange, tree: FileTree, signal?: AbortSignal): AsyncGenerator<Row> {
  for (let visitId = range.firstId; visitId < range.firstId + range.count; visitId += 1) {
    const block = Math.floor((visitId - 1) / visitsPerDocument)
    if ((visitId - 1) % visitsPerDocument !== block % visitsPerDocument) continue
    signal?.throwIfAborted()
    const id = block + 1
    const patient = patientOf(range.seed, patientOfVisit(visitId, range.size), range.size)
    const random = seededRandom(range.seed, 'document', id)
    const kind = kindOf(id)
    const at = range.timeOf(visitId)
    const { path, bytes } = documentOf({ id, kind, patient, at, seed: range.seed })
    await tree.write(path, bytes, at)
    const metadata = JSON.stringify({
      author: `staff-${random.integer(1, range.size.staff)}`,
      pages: random.integer(1, 9),
      final: random.happens(0.9),
    })
    yield [id, patient.id, visitId, kind, path, bytes.length, createHash('sha256').update(bytes).digest(), metadata]
  }
}

/** Half of them messages of the laboratory, a quarter reports, a quarter images. */
function kindOf(id: number): DocumentKind {
  return (['hl7', 'report', 'hl7', 'image'] as const)[id % 4]!
}
