import { Fault, isFault, messageOf } from '#base/fault.ts'
import type { Gap } from '#engine/sources/source.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import { decoderOf, type DumpEncoding } from './dump-encoding.ts'
import { dumpStatements, type DumpStatement } from './dump-lexer.ts'
import { isOwnership } from './dump-ownership.ts'
import type { DumpSandbox } from './dump-sandbox.ts'
import { copyIn } from './stage-copy-in.ts'

export interface LoadedDump {
  /** What the dump holds and the sandbox has not. */
  readonly gaps: readonly Gap[]
  /** As the dump's own comments say. */
  readonly versions: { readonly server?: string; readonly dump?: string }
}

/**
 * Reads the text of a dump from its first byte to its last and executes nothing. Faults: DUMP_COMMANDS, DUMP_INVALID,
 * DAMAGE_ARCHIVE.
 */
export async function scanDump(source: AsyncIterable<Uint8Array>): Promise<LoadedDump['versions']> {
  const comments = new DumpComments()
  let statements = 0
  for await (const { bare } of dumpStatements(source, comments.take)) if (bare !== '') statements += 1
  if (statements === 0) throw new Fault('DUMP_INVALID', 'the file holds no statement')
  comments.requireEnd()
  return comments.versions
}

/** What pg_dump writes about a dump into the comments of its text. */
class DumpComments {
  versions: LoadedDump['versions'] = {}
  #isBegun = false
  #isComplete = false

  readonly take = (text: string): void => {
    const [, server] = /^-- Dumped from database version (\S+)/.exec(text) ?? []
    const [, dump] = /^-- Dumped by pg_dump version (\S+)/.exec(text) ?? []
    if (server !== undefined) this.versions = { ...this.versions, server }
    if (dump !== undefined) this.versions = { ...this.versions, dump }
    if (text === '-- PostgreSQL database dump') this.#isBegun = true
    if (text === '-- PostgreSQL database dump complete') this.#isComplete = true
  }

  requireEnd(): void {
    if (this.#isBegun && !this.#isComplete) throw new Fault('DAMAGE_ARCHIVE', 'the dump has no end: it was cut off')
  }
}

/**
 * Loads the text of a dump statement by statement as a role that is no superuser, through the protocol and never through
 * psql. What that role may not do is a gap. Faults: DUMP_COMMANDS, DUMP_INVALID, DAMAGE_ARCHIVE.
 */
export async function loadDump(
  sandbox: DumpSandbox,
  { name, source }: { readonly name: string; readonly source: AsyncIterable<Uint8Array> },
  signal: AbortSignal,
): Promise<LoadedDump> {
  const load = new DumpLoad(sandbox, name, signal)
  try {
    for await (const statement of dumpStatements(source, load.comments.take)) await load.take(statement)
    return await load.end()
  } catch (error) {
    // A session that was ended because somebody cancelled fails in many ways.
    signal.throwIfAborted()
    throw error
  }
}

interface Deferred {
  readonly statement: DumpStatement
  readonly sql: string
  readonly searchPath: string
}

class DumpLoad {
  readonly comments = new DumpComments()
  readonly #sandbox: DumpSandbox
  readonly #name: string
  readonly #signal: AbortSignal
  readonly #gaps: Gap[] = []
  readonly #deferred: Deferred[] = []
  #encoding: DumpEncoding = decoderOf('UTF8')
  #searchPath = 'public'
  #executed = 0

  constructor(sandbox: DumpSandbox, name: string, signal: AbortSignal) {
    this.#sandbox = sandbox
    this.#name = name
    this.#signal = signal
  }

  async take(statement: DumpStatement): Promise<void> {
    const sql = this.#encoding.decode(statement.text)
    const [, encoding] = /^set client_encoding\s*(?:=|to)\s*'?(\w+)'?$/i.exec(sql) ?? []
    if (encoding !== undefined) return void (this.#encoding = decoderOf(encoding))
    if (isOwnership(statement.bare)) return void this.#deferred.push({ statement, sql, searchPath: this.#searchPath })
    const { loader } = this.#sandbox
    await this.#attempt(statement, async () => {
      if (statement.rows) await copyIn(loader, `${sql}${this.#encoding.copyOption}`, statement.rows, this.#signal)
      else await loader.query(sql)
    })
    if (/search_path/i.test(statement.text)) this.#searchPath = await searchPathOf(loader)
  }

  async end(): Promise<LoadedDump> {
    this.comments.requireEnd()
    if (this.#executed === 0) throw new Fault('DUMP_INVALID', 'the file holds no statement that a server takes')
    const { admin } = this.#sandbox
    let searchPath: string | undefined
    for (const deferred of this.#deferred) {
      if (deferred.searchPath !== searchPath) await admin.query(`select set_config('search_path', $1, false)`, [deferred.searchPath])
      searchPath = deferred.searchPath
      await this.#attempt(deferred.statement, async () => void (await admin.query(deferred.sql)))
    }
    await this.#sandbox.settle()
    return { gaps: this.#gaps, versions: this.comments.versions }
  }

  async #attempt(statement: DumpStatement, work: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await work()
        this.#executed += 1
        return
      } catch (error) {
        this.#signal.throwIfAborted()
        const state = sqlStateOf(error)
        if (!isFault(error, 'DATABASE_QUERY') || state === undefined || isServersTrouble(state)) throw error
        const role = missingRole(error, state)
        if (role !== undefined && !statement.rows && tries <= rolesInStatementMax) await makeRole(this.#sandbox.admin, role)
        else return this.#refused(statement, error, state)
      }
    }
  }

  #refused({ bare }: DumpStatement, error: Fault, state: string): void {
    const what = bare.replace(/\s+/g, ' ').slice(0, 120)
    if (state === '42601' && this.#executed === 0) throw new Fault('DUMP_INVALID', `the file is no dump: ${what}: ${messageOf(error)}`)
    if (isHarmless(bare, state, messageOf(error))) return
    this.#gaps.push({ source: this.#name, kind: 'not-covered', what, detail: messageOf(error) })
  }
}

const rolesInStatementMax = 100

/** "Appendix A. PostgreSQL Error Codes": connection, resources, operator, system, internal. Not the dump's fault, so no gap. */
function isServersTrouble(state: string): boolean {
  return /^(08|53|57|58|F0|XX)/.test(state) && state !== '57014'
}

function missingRole(error: Fault, state: string): string | undefined {
  return state === '42704' ? /role "(.+)" does not exist$/s.exec(messageOf(error))?.[1] : undefined
}

async function makeRole(admin: Connection, role: string): Promise<void> {
  await admin.query(`create role ${quoteName(role)} nologin`)
}

/** What a newer pg_dump sets for its session, and what is there already, is no part of what was dumped. */
function isHarmless(bare: string, state: string, message: string): boolean {
  if (/^set\s/i.test(bare) && state === '42704' && /unrecognized configuration parameter/.test(message)) return true
  return /^create\s+schema\s+public$/i.test(bare) && state === '42P06'
}

async function searchPathOf(session: Connection): Promise<string> {
  const [row] = await session.query<{ path: string }>(`select current_setting('search_path') as path`)
  return row?.path ?? ''
}
