import assert from 'node:assert/strict'
import { systemSettingsSchema } from '#base/settings.ts'
import type { BackupId } from '#base/ids.ts'
import { EntityWorld, type Wanted } from './entity-world.ts'

const schemaSql = `
  create table ward (code text primary key);
  create table person (id int generated always as identity primary key, mrn text not null unique, ward text not null references ward, name text);
  create table stay (person int not null references person on delete cascade, no int, note text, primary key (person, no));
  create table bed (id int primary key, person int references person on delete set null);
  create table remark (person int not null references person, body text);
  insert into ward values ('A'), ('B');
  insert into person (mrn, ward, name) select 'M' || g, 'A', 'name ' || g from generate_series(1, 5) g;
  insert into stay select id, n, 'stay ' || n from person, generate_series(1, 3) n;
  insert into bed values (1, null), (2, 2);`

/** What stays out of the way: a bed is nobody's own. */
const settings = systemSettingsSchema.parse({
  entities: {
    kinds: { person: { table: 'person', key: 'mrn' } },
    references: [{ table: 'bed', columns: ['person'], ownership: 'ignore' }],
  },
})

/** A small ward with its backup, as often as a test wants it to be live. */
export class Ward implements AsyncDisposable {
  readonly world: EntityWorld
  readonly #backup: BackupId
  #name = ''
  #count = 0

  private constructor(world: EntityWorld, backup: BackupId) {
    this.world = world
    this.#backup = backup
  }

  static async make(): Promise<Ward> {
    const world = await EntityWorld.make()
    await world.cluster.createDatabase('original')
    await world.cluster.psql('original', schemaSql)
    return new Ward(world, await world.backUp('original'))
  }

  get name(): string {
    return this.#name
  }

  /** Another live database, as it was backed up. */
  async renew(): Promise<void> {
    this.#count += 1
    this.#name = `live_${this.#count}`
    await this.world.cluster.psql('postgres', `create database ${this.#name} template original`)
  }

  async sql(text: string): Promise<string> {
    return (await this.world.cluster.psql(this.#name, text)).trim()
  }

  wanted(more: Partial<Wanted> = {}): Wanted {
    return { database: this.#name, backup: this.#backup, settings, entities: [{ kind: 'person', key: 'M1' }], ...more }
  }

  /** Refused with that code, and the live database is as it was. */
  async refused(code: string, work: () => Promise<unknown>, message?: RegExp): Promise<void> {
    const before = await this.#everything()
    await assert.rejects(work, (error: { code?: string; message: string }) => {
      assert.equal(error.code, code, error.message)
      if (message) assert.match(error.message, message)
      return true
    })
    assert.equal(await this.#everything(), before, 'the live database is as it was')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }

  async #everything(): Promise<string> {
    const tables = ['ward', 'person', 'stay', 'bed', 'remark'].map((table) => `select '${table} ' || ${table}::text as t from ${table}`)
    return await this.sql(`select string_agg(t, '|' order by t) from (${tables.join(' union all ')}) x`)
  }
}
