import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import path from 'node:path'
import { Fault, isFault, messageOf } from '#base/fault.ts'
import { durations, printBytes, printDuration } from '#base/units.ts'
import { openRoot } from '#engine/sources/files/open-root.ts'
import { examineDatabase, type DatabaseExamination } from '#engine/sources/postgres/examine.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { SystemTest, TestLine } from '#contract/systems.ts'
import type { House } from '#service/house.ts'
import { openRepositoryOf } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'

export interface TestedSystem {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget; readonly password: string | undefined }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly repository: Pick<StoredRepository, 'id' | 'name' | 'place' | 'password_sealed'>
}

/** Of one database, of the repository; whoever asked waits no longer than for the slowest of them. */
const partMsMax = 40 * durations.second
const queryMsMax = 20 * durations.second
/** Clocks further apart than this make times in the manifest and the ages of locks hard to read. */
const clockApartMsMax = 5 * durations.second
const listedMax = 2_000

/** Looks by the engine's own doors at what a backup of this system would ask. Changes nothing, keeps nothing open. */
export async function testSystem(house: House, system: TestedSystem, signal: AbortSignal): Promise<SystemTest> {
  const databases = await Promise.all(system.databases.map((database) => testDatabase(house, database, signal)))
  const neededBytes = databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const lines = [
    ...databases.flatMap((one) => one.lines),
    ...(await Promise.all(system.roots.map(testRoot))),
    ...(await testRepository(house, { repository: system.repository, neededBytes }, signal)),
  ]
  const has = (result: TestLine['result']) => lines.some((line) => line.result === result)
  return { at: house.clock.now().toISOString(), result: has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok', lines }
}

function line(subject: string, result: TestLine['result'], said: { fact: string; hint?: string; statements?: string[] }): TestLine {
  return { subject, result, fact: said.fact, hint: said.hint ?? '', statements: said.statements ?? [] }
}

function failed(subject: string, fault: Fault): TestLine {
  // Whoever hosts the service has no password file to look at: the password stands with the system.
  const hint = fault.code === 'DATABASE_AUTHENTICATION' ? 'Give the right password with the database, and look at pg_hba.conf.' : fault.hint
  return line(subject, 'failed', { fact: fault.message, hint })
}

/** A part that takes too long is a line like any other; that whoever asked has gone is not. */
async function within<T>(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T | Fault> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(partMsMax)])
  try {
    return await work(until)
  } catch (error) {
    if (signal.aborted) throw new Fault('CANCELLED', 'the test was cancelled', {}, { cause: error })
    if (until.aborted) return new Fault('DATABASE_UNREACHABLE', `${what} did not answer within ${printDuration(partMsMax)}`)
    if (isFault(error)) return error
    throw error
  }
}

async function testDatabase(
  { clock }: House,
  { name, target, password }: TestedSystem['databases'][number],
  signal: AbortSignal,
): Promise<{ readonly lines: TestLine[]; readonly sizeBytes: number }> {
  const about = (what: string) => `database ${name}: ${what}`
  const seen = await within(`database ${name}`, signal, (until) => examineDatabase(target, { password, clock, queryMsMax }, until))
  if (seen instanceof Fault) return { lines: [failed(about('connection'), seen)], sizeBytes: 0 }
  if (seen.kind === 'refused') return { lines: [failed(about('connection'), seen.fault)], sizeBytes: 0 }
  return { lines: examined(name, seen), sizeBytes: seen.sizeBytes }
}

function examined(name: string, found: Extract<DatabaseExamination, { kind: 'let in' }>): TestLine[] {
  const about = (what: string) => `database ${name}: ${what}`
  const { server, role, sizeBytes, tools, coverage, names } = found
  return [
    line(about('connection'), 'ok', { fact: `role ${role} is let in; the database holds ${printBytes(sizeBytes)}` }),
    tools instanceof Fault
      ? failed(about('version'), tools)
      : line(about('version'), 'ok', { fact: `the server is PostgreSQL ${server.text}, pg_dump ${tools.version} reads it` }),
    coverage === null
      ? line(about('coverage'), 'ok', { fact: `role ${role} may read every table, sequence and large object` })
      : line(about('coverage'), 'failed', {
          fact: coverage.message.split(', run:\n')[0]!,
          hint: coverage.hint,
          statements: statementsOf(coverage),
        }),
    ...(names === null ? [] : [failed(about('names'), names)]),
    clockLine(about('clock'), 'the server', found.clockAheadMs),
  ]
}

/** The engine prints them behind the fact, one a line. */
function statementsOf(coverage: Fault): string[] {
  return (coverage.message.split(', run:\n')[1] ?? '').split('\n').filter((statement) => statement !== '')
}

function clockLine(subject: string, whose: string, aheadMs: number): TestLine {
  const apart = printDuration(Math.abs(aheadMs))
  if (Math.abs(aheadMs) <= clockApartMsMax) return line(subject, 'ok', { fact: `${whose} and this machine agree on the time` })
  return line(subject, 'warning', {
    fact: `the clock of ${whose} is ${apart} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
    hint: 'Let both follow the same time server (NTP).',
  })
}

async function testRoot({ name, path: place }: TestedSystem['roots'][number]): Promise<TestLine> {
  const subject = `files ${name}`
  try {
    const { handle } = await openRoot(place)
    handle[Symbol.dispose]()
    const names = await readdir(place)
    const denied: string[] = []
    for (const one of names.slice(0, listedMax)) if (!(await mayRead(path.join(place, one)))) denied.push(one)
    if (denied.length === 0) return line(subject, 'ok', { fact: `${place} may be read; it has ${names.length} entries` })
    const first = denied.slice(0, 5).join(', ')
    return line(subject, 'failed', {
      fact: `${denied.length} entries of ${place} may not be read, such as ${first}`,
      hint: 'Run the service as root, or as a user that may read every file below the root.',
    })
  } catch (error) {
    return failed(subject, isFault(error) ? error : new Fault('HOST_IO', `${place}: ${messageOf(error)}`, {}, { cause: error }))
  }
}

async function mayRead(place: string): Promise<boolean> {
  try {
    await access(place, constants.R_OK)
    return true
  } catch (error) {
    // A link that leads nowhere is stored as the link that it is.
    return (error as { code?: unknown }).code === 'ENOENT'
  }
}

async function testRepository(
  house: House,
  { repository, neededBytes }: { readonly repository: TestedSystem['repository']; readonly neededBytes: number },
  signal: AbortSignal,
): Promise<TestLine[]> {
  const about = (what: string) => `repository ${repository.name}: ${what}`
  const seen = await within(`repository ${repository.name}`, signal, async (until) => {
    await using lent = await openRepositoryOf(house, repository, until)
    const { storage } = lent.repository
    const before = house.clock.now().getTime()
    const now = await storage.now(until)
    return { aheadMs: now.getTime() - (before + house.clock.now().getTime()) / 2, freeBytes: await storage.freeBytes(until) }
  })
  if (seen instanceof Fault) return [failed(about('opened'), seen)]
  return [
    line(about('opened'), 'ok', { fact: 'its password opens it' }),
    spaceLine(about('space'), seen.freeBytes, neededBytes),
    clockLine(about('clock'), 'its storage', Math.round(seen.aheadMs)),
  ]
}

function spaceLine(subject: string, freeBytes: number | undefined, neededBytes: number): TestLine {
  if (freeBytes === undefined) return line(subject, 'ok', { fact: 'its storage does not tell how much is free' })
  const fact = `${printBytes(freeBytes)} free; the databases hold ${printBytes(neededBytes)} before compression`
  if (freeBytes >= neededBytes) return line(subject, 'ok', { fact })
  return line(subject, 'warning', { fact, hint: 'Free space, or choose a repository with more of it.' })
}
