import assert from 'node:assert/strict'
import type { BackupId } from '#base/ids.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { EntityWorld, type Planned, type Wanted } from './entity-world.ts'

/** Keys of every kind: identity, sequence in a text, UUID, whole numbers, composite, by reference; a circle, a self reference, ways that nothing declares. */
const schemaSql = `
  create table ward (code text primary key);
  create sequence letter_numbers;
  create table person (id int generated always as identity primary key, mrn text not null unique, ward text not null references ward,
    name text, first_stay int);
  create table stay (person int not null references person on delete cascade, no int, after int, note text, primary key (person, no),
    foreign key (person, after) references stay (person, no));
  alter table person add foreign key (id, first_stay) references stay (person, no);
  create table letter (code text primary key default 'L' || nextval('letter_numbers'), person int not null references person on delete cascade, stay int,
    foreign key (person, stay) references stay (person, no));
  create table bed (id int primary key, person int references person on delete set null);
  create table reading (id uuid primary key default gen_random_uuid(), mrn text, value int);
  create table log (id bigserial primary key, entity_type text, entity_id text, line text);
  create table team (id serial primary key, label text not null unique);
  create table person_team (person int references person on delete cascade, team int references team, primary key (person, team));
  insert into ward values ('A'), ('B');
  insert into team (label) values ('red'), ('blue');
  insert into person (mrn, ward, name) select 'M' || g, 'A', 'name ' || g from generate_series(1, 4) g;
  insert into stay select id, n, nullif(n - 1, 0), 'stay ' || n from person, generate_series(1, 3) n;
  update person set first_stay = 1;
  insert into letter (person, stay) select id, 2 from person;
  insert into bed values (1, 1), (2, 2), (3, null);
  insert into reading (mrn, value) select mrn, 10 * id + n from person, generate_series(1, 2) n;
  insert into log (entity_type, entity_id, line) select 'person', id::text, 'made' from person;
  insert into log (entity_type, entity_id, line) values ('ward', '1', 'a ward is no person');
  insert into person_team select id, 1 + id % 2 from person;`

const tables = ['ward', 'person', 'stay', 'letter', 'bed', 'reading', 'log', 'team', 'person_team']

const settings = systemSettingsSchema.parse({
  entities: {
    kinds: { person: { table: 'person', key: 'mrn' }, ward: { table: 'ward', key: 'code' } },
    references: [{ table: 'person', columns: ['id', 'first_stay'], ownership: 'reference' }],
    virtual: [{ table: 'reading', columns: ['mrn'], ofTable: 'person', ofColumns: ['mrn'] }],
    polymorphic: [{ table: 'log', typeColumn: 'entity_type', idColumn: 'entity_id', targets: { person: { table: 'person' } } }],
  },
})

/** A ward of which records are copied, as often as a test wants it to be live. */
export class CopiedWard implements AsyncDisposable {
  readonly world: EntityWorld
  readonly #backup: BackupId
  #count = 0
  live = ''

  private constructor(world: EntityWorld, backup: BackupId) {
    this.world = world
    this.#backup = backup
  }

  static async make(): Promise<CopiedWard> {
    const world = await EntityWorld.make()
    await world.cluster.createDatabase('original')
    await world.cluster.psql('original', schemaSql)
    return new CopiedWard(world, await world.backUp('original'))
  }

  async sql(text: string, database = this.live): Promise<string> {
    return (await this.world.cluster.psql(database, text)).trim()
  }

  /** Another live database, to which that happened since the backup. */
  async renew(meanwhile: string): Promise<void> {
    this.live = `live_${(this.#count += 1)}`
    await this.sql(`create database ${this.live} template original`, 'postgres')
    await this.sql(meanwhile)
  }

  async plan(policy: Wanted['policy'], more: Partial<Wanted> = {}): Promise<Planned> {
    const entities = [{ kind: 'person', key: 'M1' }]
    return await this.world.plan({ database: this.live, backup: this.#backup, settings, entities, ...(policy && { policy }), ...more })
  }

  /** Every row of every table, as text. */
  async everyRow(): Promise<string[]> {
    const lines = tables.map((table) => `select '${table} ' || t::text as line from ${table} t`)
    return (await this.sql(`select line from (${lines.join(' union all ')}) rows order by line collate "C"`)).split('\n')
  }

  /** A person with everything that belongs to them, and no key in it: what joins give. */
  async joined(where: string, database = this.live): Promise<string> {
    return await this.sql(`${joinsSql} where ${where}`, database)
  }

  /** Carried out: every row stands as it was, with so many more, and the undo is exact. */
  async carryOut(planned: Planned, look: () => Promise<void>): Promise<void> {
    const before = await this.everyRow()
    await this.sql(`create database then_${this.live} template ${this.live}`, 'postgres')
    const state = await this.world.apply(planned)
    const now = await this.everyRow()
    const lost = before.filter((line) => !now.includes(line))
    assert.deepEqual(lost, [], 'every row is as it was')
    assert.equal(now.length, before.length + planned.changeSet.tables.reduce((sum, { inserts }) => sum + inserts, 0))
    assert.equal(state.applied?.complement.rows, before.length)
    await look()
    await this.world.undo(planned)
    const told = await this.world.cluster.diff(`then_${this.live}`, this.live)
    assert.match(told, /^IDENTICAL$/m, told)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]()
  }
}

const joinsSql = `select json_build_array(p.name, p.ward,
    (select json_agg(json_build_array(s.no, s.after, s.note, before.note) order by s.no) from stay s left join stay before on (before.person, before.no) = (s.person, s.after) where s.person = p.id),
    (select first.note from stay first where (first.person, first.no) = (p.id, p.first_stay)),
    (select json_agg(s.note) from letter l join stay s on (s.person, s.no) = (l.person, l.stay) where l.person = p.id),
    (select count(*) from bed b where b.person = p.id),
    (select json_agg(r.value order by r.value) from reading r where r.mrn = p.mrn),
    (select json_agg(g.line) from log g where g.entity_type = 'person' and g.entity_id = p.id::text),
    (select json_agg(t.label) from person_team x join team t on t.id = x.team where x.person = p.id)) from person p`

/** Tables with copies: how many rows are inserted, and how many of them are copies. */
export function copiesOf({ changeSet }: Planned): string[] {
  return changeSet.tables.filter(({ copies = 0 }) => copies > 0).map(({ table, inserts, copies }) => `${table} ${inserts} ${copies}`)
}
