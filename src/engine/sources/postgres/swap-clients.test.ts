import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { makeLive, swapRecord } from '#test/support/swap-record.ts'
import { connect, type Connection } from './connection.ts'
import type { DatabaseTarget } from './target.ts'
import { fenceDatabase, renameDatabases, unfenceDatabase } from './swap.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster({ isDurable: true })
})
after(() => cluster.stop())

const table = 'create table writes(client int, number int, primary key (client, number))'

interface Writer {
  /** Numbers whose INSERT the server acknowledged, in order, and the failures between them. */
  readonly events: (number | 'failed')[]
  readonly ended: Promise<void>
}

/** Inserts in a loop until told to stop, connecting again after each failure: what an application does. */
function write(target: DatabaseTarget, client: number, stop: AbortSignal): Writer {
  const events: (number | 'failed')[] = []
  const loop = async () => {
    let connection: Connection | undefined
    for (let number = 1; !stop.aborted; number += 1) {
      try {
        connection ??= await connect(target)
        await connection.query('insert into writes values ($1, $2)', [client, number])
        events.push(number)
      } catch {
        // Any failure counts, whatever it is; the test judges them by number and order.
        events.push('failed')
        await connection?.[Symbol.asyncDispose]()
        connection = undefined
        await systemClock.sleep(2)
      }
    }
    await connection?.[Symbol.asyncDispose]()
  }
  return { events, ended: loop() }
}

const acknowledged = ({ events }: Writer) => events.filter((event) => event !== 'failed')

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await systemClock.sleep(5)
}

test('INV-585 clients that write through the swap lose no acknowledged row and have one gap each, from the old database to the new', async () => {
  await makeLive(cluster, 'clinic', table)
  const record = await swapRecord(cluster, 'clinic', { sql: table })
  const stop = new AbortController()
  const writers = Array.from({ length: 6 }, (_, client) => write(cluster.target('clinic'), client, stop.signal))
  await until(() => writers.every((writer) => acknowledged(writer).length >= 20))
  const fenced = await fenceDatabase(record, { clock: systemClock })
  const before = writers.map((writer) => acknowledged(writer).length)
  await renameDatabases([record], { onPrepared: () => Promise.resolve() })
  await unfenceDatabase(record)
  await until(() => writers.every((writer, client) => acknowledged(writer).length >= before[client]! + 20))
  stop.abort()
  await Promise.all(writers.map(({ ended }) => ended))
  assert.ok(fenced.ended >= writers.length, `${fenced.ended} sessions ended`)

  await cluster.psql('postgres', `alter database ${record.keptName} allow_connections true`)
  const numbersIn = async (database: string, client: number) => {
    const text = await cluster.psql(database, `select number from writes where client = ${client} order by number`)
    return text.split('\n').filter(Boolean).map(Number)
  }
  for (const [client, writer] of writers.entries()) {
    const kept = await numbersIn(record.keptName, client)
    const fresh = await numbersIn('clinic', client)
    const stored = new Set([...kept, ...fresh])
    assert.deepEqual(
      acknowledged(writer).filter((number) => !stored.has(number)),
      [],
      'every acknowledged row is stored',
    )
    assert.ok(kept.length >= 20 && fresh.length >= 20)
    assert.ok(kept.at(-1)! < fresh[0]!, 'nothing is written to the old database once the new one is live')
    const gaps = writer.events.filter((event, index) => event === 'failed' && writer.events[index - 1] !== 'failed')
    assert.equal(gaps.length, 1, 'one gap')
  }
})

test('a session that slipped through the door while it closed is sent away, and the rename is tried again', async () => {
  await makeLive(cluster, 'slipped')
  const record = await swapRecord(cluster, 'slipped')
  await fenceDatabase(record, { clock: systemClock })
  await cluster.psql('postgres', 'alter database slipped allow_connections true')
  await using late = await connect(cluster.target('slipped'))
  await cluster.psql('postgres', 'alter database slipped allow_connections false')
  const xids: string[] = []
  await renameDatabases([record], {
    onPrepared: async (xid) => {
      xids.push(xid)
    },
  })
  assert.equal(xids.length, 1)
  await assert.rejects(() => late.query('select 1'))
  await unfenceDatabase(record)
})
