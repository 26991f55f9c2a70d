import { median } from '#base/median.ts'
import { MiB, printBytes, printCount } from '#base/units.ts'
import type { AnomalyView } from '#contract/backups.ts'
import type { PastPortrait, Portrait } from './portrait.ts'

export type AnomalyFinding = AnomalyView['findings'][number]

/** So many backups before it are compared with, at most and at least. */
export const pastMax = 30
export const pastMin = 7

/** So many times the usual spread is unusual: the median of the distances from the median, scaled as a deviation. */
const spreadsMax = 4
const deviationScale = 1.4826
/** Where nearly all that compression saves is gone, no spread excuses it. */
const savingLost = 0.9
/** It is not unusual to shrink by so many times what it shrank before from one backup to the next: queues, sessions, purged logs. */
const earlierLossesMax = 2.5

/** Below these nothing is said, however steady it was: changes of every day. */
const floors = {
  /** Of rows or files: a share of them, and so many. */
  count: { share: 0.3, atLeast: 100 },
  logicalBytes: { share: 0.25, atLeast: 1 * MiB },
  /** Of the logical bytes, and of new bytes. */
  changed: { share: 0.3, bytes: 8 * MiB },
  /** Of the share that compression saves; less new data than this says little of it, now or in the past. */
  saved: { share: 0.25, bytes: 8 * MiB, ofLogical: 0.05, pastBytes: 1 * MiB },
} as const

export const measures = { logicalBytes: 'size', changed: 'changed', saved: 'compression' } as const

/**
 * How a backup is unlike those before it: something shrank, much more changed than usual, or what is new can hardly be
 * compressed, as what was encrypted. Robust: single odd backups of the past move neither the median nor the spread.
 * `past` newest first. Nothing is said with fewer than `pastMin` of them.
 */
export function compare(now: Portrait, past: readonly PastPortrait[]): AnomalyFinding[] {
  const names = new Set([...now.counts.keys(), ...past.flatMap(({ counts }) => [...counts.keys()])])
  return [
    ...[...names].flatMap((name) => lostCount(name, now, past)),
    ...lostBytes(now, past),
    ...muchChanged(now, past),
    ...hardlyCompressed(now, past),
  ]
}

function lostCount(measure: string, now: Portrait, past: readonly PastPortrait[]): AnomalyFinding[] {
  const usual = levelOf(measure, past, ({ counts }) => counts.get(measure) ?? 0)
  if (!usual) return []
  const count = now.counts.get(measure) ?? 0
  const { share, atLeast } = floors.count
  if (usual.median - count <= Math.max(share * usual.median, atLeast, usual.everydayLoss)) return []
  const [what, ...name] = measure.split(' ')
  const fact = `${name.join(' ')} has ${printCount(count)} ${what}, usually ${printUsual(usual, printCount(Math.round(usual.median)))}: ${printLoss(count, usual.median)}`
  return [{ measure, now: count, usual: usual.median, fact }]
}

function lostBytes(now: Portrait, past: readonly PastPortrait[]): AnomalyFinding[] {
  const measure = measures.logicalBytes
  const usual = levelOf(measure, past, ({ logicalBytes }) => logicalBytes)
  if (!usual) return []
  const { share, atLeast } = floors.logicalBytes
  if (usual.median - now.logicalBytes <= Math.max(share * usual.median, atLeast, usual.everydayLoss)) return []
  const fact = `it holds ${printBytes(now.logicalBytes)}, usually ${printUsual(usual, printBytes(usual.median))}: ${printLoss(now.logicalBytes, usual.median)}`
  return [{ measure, now: now.logicalBytes, usual: usual.median, fact }]
}

function muchChanged(now: Portrait, past: readonly PastPortrait[]): AnomalyFinding[] {
  const measure = measures.changed
  const usual = usualOf(measure, past, changedShare)
  const usualBytes = usualOf(measure, past, ({ newBytes }) => newBytes)
  const changed = changedShare(now)
  if (!usual || !usualBytes || changed === null) return []
  if (changed - usual.median <= Math.max(spreadsMax * usual.spread, floors.changed.share)) return []
  if (now.newBytes! - usualBytes.median <= floors.changed.bytes) return []
  const fact = `${printShare(changed)} of it is new (${printBytes(now.newBytes!)}), usually ${printUsual(usual, printShare(usual.median))}`
  return [{ measure, now: changed, usual: usual.median, fact }]
}

function hardlyCompressed(now: Portrait, past: readonly PastPortrait[]): AnomalyFinding[] {
  const measure = measures.saved
  const usual = usualOf(measure, past, savedShare)
  const saved = savedShare(now)
  if (!usual || saved === null || now.newBytes! < Math.max(floors.saved.bytes, floors.saved.ofLogical * now.logicalBytes)) return []
  const everyday = Math.max(floors.saved.share, Math.min(spreadsMax * usual.spread, savingLost * usual.median))
  if (usual.median - saved <= everyday) return []
  const fact = `compression saves ${printShare(saved)} of what is new (${printBytes(now.newBytes!)}), usually ${printUsual(usual, printShare(usual.median))}: so does data that somebody has encrypted`
  return [{ measure, now: saved, usual: usual.median, fact }]
}

function changedShare({ newBytes, logicalBytes }: Portrait): number | null {
  return newBytes === null || logicalBytes === 0 ? null : Math.min(1, newBytes / logicalBytes)
}

function savedShare({ newBytes, storedBytes }: Portrait): number | null {
  return newBytes === null || storedBytes === null || newBytes < floors.saved.pastBytes ? null : Math.max(0, 1 - storedBytes / newBytes)
}

interface Usual {
  readonly median: number
  /** From so many backups. */
  readonly of: number
}

/** What grows has the level of its last backups, and is judged by its steps: a month of growth is no spread that excuses a loss. */
function levelOf(
  measure: string,
  past: readonly PastPortrait[],
  valueOf: (portrait: Portrait) => number,
): (Usual & { readonly everydayLoss: number }) | undefined {
  const values = knownValues(measure, past, valueOf)
  if (!values) return undefined
  const losses = values.slice(1).map((before, index) => before - values[index]!)
  const everydayLoss = Math.max(earlierLossesMax * Math.max(...losses), spreadsMax * spreadOf(losses))
  return { median: median(values.slice(0, pastMin)), of: pastMin, everydayLoss }
}

/** What comes and goes from day to day has a middle and a spread. */
function usualOf(
  measure: string,
  past: readonly PastPortrait[],
  valueOf: (portrait: Portrait) => number | null,
): (Usual & { readonly spread: number }) | undefined {
  const values = knownValues(measure, past, valueOf)
  if (!values) return undefined
  return { median: median(values), of: values.length, spread: spreadOf(values) }
}

function spreadOf(values: readonly number[]): number {
  const middle = median(values)
  return deviationScale * median(values.map((value) => Math.abs(value - middle)))
}

/** Newest first, of those that know it, back to the one with which the usual began. Undefined when these are too few. */
function knownValues(measure: string, past: readonly PastPortrait[], valueOf: (portrait: Portrait) => number | null): number[] | undefined {
  const begun = past.findIndex(({ accepted }) => accepted.includes(measure))
  const values = (begun < 0 ? past : past.slice(0, begun + 1)).map(valueOf).filter((value) => value !== null)
  return values.length < pastMin ? undefined : values
}

function printUsual({ of }: Usual, value: string): string {
  return `${value} (median of the last ${of} backups)`
}

function printLoss(now: number, usual: number): string {
  return now === 0 ? 'nothing is left' : `${printShare(1 - now / usual)} less`
}

function printShare(share: number): string {
  return `${Math.round(share * 100)} %`
}
