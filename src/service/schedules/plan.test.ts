import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { weekdays, type Blackout } from '#contract/schedules.ts'
import { localTime } from './local-time.ts'
import { dueSince, firstAfter, planWords, plannedAfter, upcoming, type Plan } from './plan.ts'

const { minute, hour, day } = durations
const plan = (change: Partial<Plan> & Pick<Plan, 'cronExpression'>): Plan => ({
  timeZone: 'UTC',
  blackouts: [],
  jitterMinutes: 0,
  ...change,
})
const daily = (from: string, to: string): Blackout => ({ kind: 'daily', from, to })

const times = (given: Plan, from: string, count: number) =>
  plannedAfter(given, new Date(from))
    .take(count)
    .map(({ at }) => at.toISOString().slice(0, 16))
    .toArray()

test('a time that the clocks leave out runs once, later on the wall; one that comes twice runs once', () => {
  const berlin = plan({ cronExpression: '30 2 * * *', timeZone: 'Europe/Berlin' })
  assert.deepEqual(times(berlin, '2026-03-28T00:00Z', 3), ['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30'])
  assert.deepEqual(times(berlin, '2026-10-24T00:00Z', 3), ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'])
  const [, night] = upcoming(berlin, new Date('2026-10-24T00:00Z'))
  assert.deepEqual([night!.local, night!.note], ['2026-10-25 02:30', null])
  const [, , after] = upcoming(berlin, new Date('2026-10-24T00:00Z'))
  assert.equal(after!.note, 'before it the clocks go back by 1h 0m, from UTC+02:00 to UTC+01:00')
})

/** North and south, at midnight, by half an hour, by two hours, and not at all. */
const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Africa/Cairo',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'UTC',
]

test('a daily schedule runs once on each date of its zone, whatever its clocks do', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      fc.constantFrom(2025, 2026, 2027),
      (timeZone, atHour, atMinute, year) => {
        const given = plan({ cronExpression: `${atMinute} ${atHour} * * *`, timeZone })
        const clock = `${String(atHour).padStart(2, '0')}:${String(atMinute).padStart(2, '0')}`
        let before = ''
        for (const { at } of plannedAfter(given, new Date(`${year}-01-01T00:00Z`)).take(365)) {
          const local = localTime(at, timeZone)
          if (before !== '') assert.equal(Date.parse(local.date) - Date.parse(before), day, `${before} ${local.date}`)
          // Later than it says only where that is left out, by as much as the clocks go forward.
          if (local.clock !== clock) assert.notEqual(local.offsetMs, localTime(new Date(at.getTime() - 3 * hour), timeZone).offsetMs)
          before = local.date
        }
      },
    ),
    { numRuns: 12 },
  )
})

test('the times are the same wherever it begins to look, also in the middle of an hour that comes twice or is left out', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom('30 2 * * *', '30 1 * * *', '0 0 * * *', '15 3 * * *', '45 1-23/2 * * *', '0 * * * *', '*/20 * * * *', '15 2 * * 0'),
      fc.constantFrom('2026-03-28', '2026-10-24', '2026-03-07', '2026-10-31', '2026-04-04', '2026-10-03'),
      (timeZone, cronExpression, date) => {
        const given = plan({ cronExpression, timeZone })
        const from = Date.parse(`${date}T00:00Z`)
        const ticks: number[] = []
        for (const { tick } of plannedAfter(given, new Date(from))) {
          ticks.push(tick.getTime())
          if (tick.getTime() > from + 12 * day) break
        }
        for (let at = from; at < from + 2 * day; at += 50 * minute)
          assert.equal(
            firstAfter(given, new Date(at)).tick.getTime(),
            ticks.find((tick) => tick > at),
            new Date(at).toISOString(),
          )
      },
    ),
    { numRuns: 25 },
  )
})

test('an hourly schedule runs each hour that passes, also through the hour that comes twice', () => {
  for (const timeZone of zones.filter((one) => one !== 'Australia/Lord_Howe'))
    for (const from of ['2026-03-28T12:00Z', '2026-10-24T12:00Z', '2026-04-04T12:00Z']) {
      const runs = plannedAfter(plan({ cronExpression: '0 * * * *', timeZone }), new Date(from))
        .take(48)
        .toArray()
      for (const [index, { at }] of runs.entries()) if (index > 0) assert.equal(at.getTime() - runs[index - 1]!.at.getTime(), hour)
    }
})

const clocks = fc.integer({ min: 0, max: 23 }).map((at) => `${String(at).padStart(2, '0')}:00`)
const blackouts = fc.oneof(
  fc
    .record({ from: clocks, to: clocks, days: fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1, maxLength: 3 }) })
    .filter(({ from, to }) => from !== to)
    .map(({ from, to, days }): Blackout => ({ kind: 'daily', from, to, days })),
  fc
    .integer({ min: 1, max: 20 })
    .map((from): Blackout => ({ kind: 'dates', from: `2026-03-${String(from).padStart(2, '0')}`, to: '2026-03-29' })),
)

test('what is left of the ticks is what a slow look at each of them leaves, and jitter stays in its bounds', () => {
  fc.assert(
    fc.property(
      fc.array(blackouts, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('0 * * * *', '*/20 * * * *', '30 2 * * *', '0 6,18 * * *'),
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'UTC'),
      fc.integer({ min: 0, max: 240 }),
      (given, cronExpression, timeZone, jitterMinutes) => {
        const bare = plan({ id: 'a schedule', cronExpression, timeZone, jitterMinutes: 0 })
        const from = new Date('2026-02-20T00:00Z')
        const until = new Date('2026-04-10T00:00Z')
        const all = plannedAfter(bare, from).take(4_000).toArray()
        const free = all.filter(({ tick }) => tick < until && !given.some((one) => liesIn(one, tick, timeZone)))
        const left: { tick: Date; at: Date }[] = []
        for (const planned of plannedAfter({ ...bare, blackouts: given, jitterMinutes }, from)) {
          if (planned.tick >= until) break
          left.push(planned)
        }
        assert.deepEqual(
          left.map(({ tick }) => tick),
          free.map(({ tick }) => tick),
        )
        for (const { tick, at } of left) {
          assert.ok(at >= tick && at.getTime() - tick.getTime() <= jitterMinutes * minute)
          assert.ok(!given.some((one) => liesIn(one, at, timeZone)))
          const following = all.find((one) => one.tick > tick)!
          assert.ok(at < following.tick)
        }
      },
    ),
    { numRuns: 5 },
  )
})

/** The definition, without any shortcut. */
function liesIn(blackout: Blackout, at: Date, timeZone: string): boolean {
  const { date, clock, weekday } = localTime(at, timeZone)
  if (blackout.kind === 'dates') return date >= blackout.from && date <= blackout.to
  const { from, to, days } = blackout
  const isOn = (one: number) => days === undefined || days.includes(weekdays[(one + 7) % 7]!)
  if (from < to) return isOn(weekday) && clock >= from && clock < to
  return (isOn(weekday) && clock >= from) || (isOn(weekday - 1) && clock < to)
}

test('jitter is the same each time that it is asked for, and another for another schedule', () => {
  const given = (id: string) => plan({ id, cronExpression: '0 2 * * *', jitterMinutes: 60 })
  assert.deepEqual(times(given('a'), '2026-05-01T00:00Z', 5), times(given('a'), '2026-05-01T00:00Z', 5))
  assert.notDeepEqual(times(given('a'), '2026-05-01T00:00Z', 5), times(given('b'), '2026-05-01T00:00Z', 5))
})

test('blackouts that leave no time are refused in words', () => {
  for (const [cronExpression, given] of [
    ['0 2 * * *', [daily('01:00', '03:00')]],
    ['* * * * *', [daily('08:00', '20:00'), daily('20:00', '08:00')]],
    ['0 2 24 12 *', [{ kind: 'dates', from: '2026-01-01', to: '9999-12-31' } as const]],
  ] as const) {
    assert.throws(
      () => firstAfter(plan({ cronExpression, blackouts: given }), new Date('2026-05-01T00:00Z')),
      (error) =>
        isFault(error, 'INPUT_INVALID') && error.message.startsWith('the blackouts leave no time') && error.facts['field'] === 'blackouts',
    )
  }
})

test('a schedule is a sentence', () => {
  const words = planWords(
    plan({
      cronExpression: '30 2 * * 1-5',
      timeZone: 'Europe/Berlin',
      jitterMinutes: 10,
      blackouts: [
        { kind: 'daily', from: '08:00', to: '18:00', days: ['monday'] },
        { kind: 'dates', from: '2026-12-24', to: '2026-12-26' },
      ],
    }),
  )
  assert.equal(
    words,
    'At 02:30, Monday through Friday, in Europe/Berlin; up to 10 minutes later; never from 08:00 to 18:00 on Monday; never from 2026-12-24 to 2026-12-26',
  )
})

test('what came due is told one by one as far as that goes, and the newest of it and what comes next are known', () => {
  const minutely = plan({ cronExpression: '* * * * *' })
  const first = firstAfter(minutely, new Date('2026-05-01T00:00Z'))
  const short = dueSince(minutely, first, new Date('2026-05-01T00:05:30Z'))
  assert.deepEqual([short.due.length, short.isCutShort, short.next!.tick.toISOString()], [5, false, '2026-05-01T00:06:00.000Z'])
  const long = dueSince(minutely, first, new Date('2027-05-01T00:00:30Z'))
  assert.deepEqual(
    [long.due.length, long.isCutShort, long.due.at(-1)!.tick.toISOString(), long.next!.tick.toISOString()],
    [1_001, true, '2027-05-01T00:00:00.000Z', '2027-05-01T00:01:00.000Z'],
  )
})
