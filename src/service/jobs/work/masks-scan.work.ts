import type { z } from 'zod'
import { isFault, type Fault } from '#base/fault.ts'
import { masksSchema, type ColumnMask, type SystemSettings } from '#base/settings.ts'
import type { masks, MaskScan } from '#contract/masks.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { keyOf, type ColumnPlace } from '#engine/masking/column-links.ts'
import { askedOf, planOfDatabase } from '#engine/masking/plan-of-database.ts'
import type { MaskPlan } from '#engine/masking/planned-mask.ts'
import { proposeMasks } from '#engine/masking/propose.ts'
import { printSanitization } from '#engine/masking/sanitization.ts'
import { scanDatabase } from '#engine/masking/scan.ts'
import { tryMasks } from '#engine/masking/try-masks.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { readMaskCatalog } from '#engine/sources/postgres/mask-catalog.ts'
import { inReadOnlyView } from '#engine/sources/postgres/reading-session.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface MasksScanInput {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly settings: SystemSettings
}

type Scanned = z.output<typeof masks.scan.reply>

/** Each database in one view of it. No value goes into what is handed back. */
export async function work({ databases, settings }: MasksScanInput, { signal }: WorkTools): Promise<Scanned> {
  const scanned: MaskScan[] = []
  const columns: ColumnMask[] = []
  for (const { name, target } of databases) {
    await using connection = await connect(target, signal)
    const { scan, rules } = await inReadOnlyView(connection, () => scanOne(connection, name, settings))
    scanned.push(scan)
    columns.push(...rules.map((rule) => (databases.length > 1 ? { ...rule, database: name } : rule)))
  }
  return { databases: scanned, proposed: masksSchema.parse({ columns }) }
}

async function scanOne(
  connection: Connection,
  name: string,
  settings: SystemSettings,
): Promise<{ scan: MaskScan; rules: readonly ColumnMask[] }> {
  const catalog = await readMaskCatalog(connection)
  const { findings, unread } = await scanDatabase(connection, catalog)
  const proposals = await proposeMasks(catalog, findings, askedOf(connection, name))
  const { set, plan, fault } = await setOf(connection, name, settings)
  const covered = new Set(plan?.columns.map(keyOf))
  const gone = new Set(plan?.excluded.map(({ oid }) => oid))
  return {
    rules: proposals.flatMap(({ rule }) => (rule ? [rule] : [])),
    scan: {
      database: name,
      findings: proposals.map(({ finding, rule, refused }) => ({
        ...placeOf(finding),
        kind: finding.kind,
        paragraph: finding.paragraph,
        because: [...finding.because],
        mask: rule?.mask ?? null,
        refused: refused ?? null,
        isMasked: covered.has(keyOf(finding)) || gone.has(finding.table.oid),
      })),
      unread: unread.map(({ why, ...place }) => ({ ...placeOf(place), why })),
      set,
      fault,
    },
  }
}

interface SetMasks extends Pick<MaskScan, 'set' | 'fault'> {
  readonly plan: MaskPlan | undefined
}

/** What the settings have, tried with a key of the moment: whether a constraint holds seldom depends on the key. */
async function setOf(connection: Connection, name: string, { masks: wished, entities }: SystemSettings): Promise<SetMasks> {
  if (!wished) return { set: null, fault: null, plan: undefined }
  try {
    const { plan } = await planOfDatabase(connection, { masks: wished, entities }, name)
    const { broken, untried, rows, isAll } = await tryMasks(connection, plan, Buffer.from(randomHex(systemRandom, 64), 'hex'))
    const { columns, excludedTables } = printSanitization(name, plan)
    const told = { columns, excludedTables, warnings: [...plan.warnings], untried: [...untried], rowsTried: rows, isAllTried: isAll }
    return { set: { ...told, broken: broken.map(faultViewOf) }, fault: null, plan }
  } catch (error) {
    if (!isFault(error, 'MASK_REFUSED') && !isFault(error, 'MASK_SETTINGS') && !isFault(error, 'MASK_VALUE')) throw error
    return { set: null, fault: faultViewOf(error), plan: undefined }
  }
}

function faultViewOf({ code, message, hint }: Fault) {
  return { code, fact: message, hint }
}

function placeOf({ table, column }: ColumnPlace) {
  return { schema: table.schema, table: table.name, column: column.name }
}
