import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { parseDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { changeClinic } from './clinic/change-clinic.ts'
import { makeClinic } from './clinic/make-clinic.ts'
import { integrum, type Told } from './command-line.ts'
import { openDemoService, showAround } from './service.ts'
import { WritingClient, type Experience } from './writing-client.ts'
import { databaseFingerprint, treeFingerprint } from './judge.ts'

/**
 * The main job from beginning to end on a clinic that exists only here: make it, back it up, destroy it, bring it back,
 * let programs that are not ours compare, undo, undo the undo, back up the next day, and drill that backup. Stops at the
 * first thing that is not as it should be. Ends with the service up, to be clicked through, unless `--exit`.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '2' },
      seed: { type: 'string', default: '7' },
      exit: { type: 'boolean' },
      keep: { type: 'boolean' },
      port: { type: 'string', default: '8440' },
    },
  })
  const directory = await mkdtemp(path.join(tmpdir(), 'integrum-demo-'))
  await chmod(directory, 0o755)
  try {
    await using cluster = await startCluster(path.join(directory, 'postgres'), { isDurable: true })
    const demo = new Demo(directory, cluster)
    const result = await demo.play(Number(values.scale), Number(values.seed))
    process.stdout.write(`${JSON.stringify(result)}\n`)
    if (!values.exit) await demo.open(directory, Number(values.port))
  } finally {
    if (values.keep) say(`kept: ${directory}`)
    else await rm(directory, { recursive: true, force: true })
  }
}

const system = 'demo-clinic'
const database = 'clinic'

class Demo {
  readonly #cluster: PrivateCluster
  readonly #files: string
  readonly #common: readonly string[]
  readonly #state: string
  readonly #cache: string
  readonly #plan: string
  readonly #passwordFile: string
  readonly #rows: [string, string][] = []

  constructor(directory: string, cluster: PrivateCluster) {
    this.#cluster = cluster
    this.#files = path.join(directory, 'files')
    this.#passwordFile = path.join(directory, 'password')
    this.#common = ['--repository', path.join(directory, 'repository'), '--password-file', this.#passwordFile]
    this.#state = path.join(directory, 'state')
    this.#cache = path.join(directory, 'cache')
    this.#plan = path.join(directory, 'plan.json')
  }

  async play(scale: number, seed: number): Promise<Record<string, unknown>> {
    await writeFile(this.#passwordFile, 'a demonstration, not a secret\n', { mode: 0o600 })
    say(`1. A clinic of scale ${scale} is made up, with a PostgreSQL of its own`)
    const made = await this.#make(scale, seed)
    const whole = await this.#fingerprints()

    say('2. It is backed up: database and files as one point in time')
    await this.#integrum('repository', 'create')
    const first = await this.#backup()
    const verified = await this.#integrum('verify', String(first['backup']))

    say('3. It is destroyed: tables dropped, rows deleted, files removed')
    const lost = await this.#destroy()
    const broken = await this.#fingerprints()
    assert.notDeepEqual(broken, whole)

    say('4. It is restored, while a client goes on writing')
    await this.#integrum('restore', 'plan', '--backup', String(first['backup']), '--out', this.#plan)
    const client = new WritingClient(this.#target())
    const restored = await this.#integrum('restore', 'run', this.#plan, '--confirm', system, '--state', this.#state)
    const experience = await client.stop()
    assert.deepEqual(await this.#fingerprints(), whole, 'the restored clinic is not the one that was backed up')

    say('5. The restore is undone, and the undo as well')
    const undone = await this.#undo(String(restored['restore']))
    assert.deepEqual(await this.#fingerprints(), broken, 'the undo did not bring back what was there before')
    await this.#undo(String(undone['restore']))
    assert.deepEqual(await this.#fingerprints(), whole, 'undoing the undo did not bring the clinic back')

    say('6. A day passes, and it is backed up again')
    await changeClinic({ target: this.#cluster.url(database), filesRoot: this.#files, seed })
    const second = await this.#backup()
    const checked = await this.#integrum('repository', 'check', '--read-data')

    say('7. A drill restores that backup in private, and signs what it found')
    const drilled = await this.#drill(String(second['backup']))

    this.#table({ made, first, verified, lost, restored, experience, undone, second, checked, drilled })
    const { stored, ratio } = storedOf(first)
    return {
      demo: 'ok',
      rows: made.rows,
      files: made.files.count,
      storedBytes: stored,
      ratio,
      secondStoredBytes: numberOf(second, 'storedBytes'),
      unreachableMs: numberOf(restored, 'unreachableMs'),
      clientGapMs: experience.longestGapMs,
      verified: restored['verified'],
      drill: drilled['outcome'],
    }
  }

  /** What was done by the command line, by pages now: the service with this clinic, until somebody ends it. */
  async open(directory: string, port: number): Promise<void> {
    say('8. The service starts, with the clinic registered and backed up, to be clicked through')
    await using service = await openDemoService(directory, port, { databaseUrl: this.#cluster.url(database), filesRoot: this.#files })
    await showAround(service)
  }

  async #make(scale: number, seed: number) {
    await using session = await connect(parseDatabaseUrl(database, this.#cluster.url('postgres'), {}))
    await session.query(`create database ${database} template template0`)
    const counts = await makeClinic({ target: this.#cluster.url(database), filesRoot: this.#files, scale, seed })
    await using inside = await connect(this.#target())
    await WritingClient.prepare(inside)
    return counts
  }

  #target() {
    return parseDatabaseUrl(database, this.#cluster.url(database), {})
  }

  #backup(): Promise<Told> {
    return this.#integrum(
      'backup',
      '--system',
      system,
      '--database',
      `${database}=${this.#cluster.url(database)}`,
      '--files',
      `documents=${this.#files}`,
      '--cache',
      this.#cache,
    )
  }

  async #drill(backup: string): Promise<Told> {
    const report = path.join(path.dirname(this.#plan), 'report.json')
    const drilled = await this.#integrum('drill', backup, '--out', report, '--place', path.dirname(this.#plan), '--state', this.#state)
    await integrum('drill', 'check', report, '--json')
    return drilled
  }

  #undo(id: string): Promise<Told> {
    return integrum('restore', 'undo', id, '--confirm', system, '--state', this.#state, '--json')
  }

  #integrum(...words: readonly string[]): Promise<Told> {
    return integrum(...words, ...this.#common, '--json')
  }

  /** What programs that are not ours say of the database and of the files. */
  async #fingerprints(): Promise<{ database: string; files: string }> {
    const { socketDirectory, user } = this.#cluster
    await WritingClient.rest(this.#target())
    return { database: await databaseFingerprint(socketDirectory, user, database), files: await treeFingerprint(this.#files) }
  }

  async #destroy(): Promise<string> {
    await using session = await connect(this.#target())
    await session.query('drop table clinic.observation cascade')
    await session.query('delete from clinic.lab_result')
    await session.query("update clinic.patient set family_name = 'Smith'")
    const studies = path.join(this.#files, 'studies')
    const removed = await readdir(studies, { recursive: true })
    await rm(studies, { recursive: true })
    return `clinic.observation dropped, clinic.lab_result emptied, every patient renamed, ${printCount(removed.length)} files and folders removed`
  }

  #table(told: Played): void {
    const { made, first, verified, lost, restored, experience, undone, second, checked, drilled } = told
    const { read, stored, ratio } = storedOf(first)
    const counts = restored['verified'] as { tables: number; rows: number; files: number }
    this.#row('clinic', `${printCount(made.rows)} rows, ${printCount(made.files.count)} files (${printBytes(made.files.bytes)})`)
    this.#row('first backup', `${printBytes(read)} read, ${printBytes(stored)} stored (${Math.round(ratio * 100)} % saved), ${took(first)}`)
    this.#row('read back', `${printCount(numberOf(verified, 'rows'))} rows and ${printCount(numberOf(verified, 'files'))} files compared`)
    this.#row('destroyed', lost)
    this.#row(
      'restored',
      `${printCount(counts.tables)} tables, ${printCount(counts.rows)} rows, ${printCount(counts.files)} files verified, ${took(restored)}`,
    )
    this.#row(
      'not reachable',
      `${printDuration(numberOf(restored, 'unreachableMs'))} for the restore, ${printDuration(numberOf(undone, 'unreachableMs'))} for the undo`,
    )
    this.#row(
      'a client',
      `wrote ${printCount(experience.writes)} times meanwhile; its longest wait was ${printDuration(experience.longestGapMs)}, ${experience.failures} tries failed`,
    )
    this.#row('compared', 'pg_dump, find and sha256sum call it identical; after the undo, and after undoing that, too')
    this.#row(
      'a day later',
      `${printBytes(numberOf(second, 'storedBytes'))} stored, ${((numberOf(second, 'storedBytes') / stored) * 100).toFixed(1)} % of the first, ${took(second)}`,
    )
    this.#row('repository', `${printCount(numberOf(checked, 'packs'))} packs read and hashed, nothing wrong`)
    this.#row('drilled', `the day's backup is proven restorable, its report signed, nothing else left; ${tookDrill(drilled)}`)
    for (const [name, text] of this.#rows) process.stdout.write(`  ${name.padEnd(14)}${text}\n`)
  }

  #row(name: string, text: string): void {
    this.#rows.push([name, text])
  }
}

interface Played extends Readonly<Record<'first' | 'verified' | 'restored' | 'undone' | 'second' | 'checked' | 'drilled', Told>> {
  readonly made: Awaited<ReturnType<typeof makeClinic>>
  readonly lost: string
  readonly experience: Experience
}

function storedOf(backup: Told): { read: number; stored: number; ratio: number } {
  const read = numberOf(backup, 'readBytes')
  const stored = numberOf(backup, 'storedBytes')
  return { read, stored, ratio: 1 - stored / read }
}

function took(told: Told): string {
  return printDuration(numberOf(told, 'durationMs'))
}

/** From a ready private server to the last comparison. */
function tookDrill(drilled: Told): string {
  const { rto } = drilled['report'] as { rto: { achievedMs: number } }
  return printDuration(rto.achievedMs)
}

function numberOf(told: Told, name: string): number {
  const value = told[name]
  assert.equal(typeof value, 'number', `${name} is not a number`)
  return value as number
}

function say(text: string): void {
  process.stderr.write(`\n${text}\n`)
}

await main()
