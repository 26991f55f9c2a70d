import { MiB } from '#base/units.ts'
import type { Portrait } from '#service/anomalies/portrait.ts'

export type ClinicDay = Portrait & { readonly newBytes: number; readonly storedBytes: number }

/**
 * Backups of a clinic, one a day: it grows, rests at weekends, works on queues and sessions that come and go, purges its
 * log, imports a batch of results at times, and has days with many scans, which are compressed already.
 */
export function clinicDays(seed: number, days: number): ClinicDay[] {
  const chance = chanceOf(seed)
  const between = (least: number, most: number) => least + chance() * (most - least)
  const rows = { patient: between(2_000, 20_000), visit: between(10_000, 90_000), observation: between(200_000, 900_000) }
  let [files, fileBytes, log] = [between(2_000, 20_000), between(200, 900) * MiB, between(50_000, 100_000)]
  return Array.from({ length: days }, (_, day) => {
    const work = day % 7 >= 5 ? between(0.02, 0.2) : between(0.7, 1.3)
    rows.patient += Math.round(rows.patient * 0.003 * work)
    rows.visit += Math.round(rows.visit * 0.008 * work)
    rows.observation += Math.round(rows.observation * (chance() < 0.05 ? 0.06 : 0.01) * work)
    const isScanDay = chance() < 0.15
    const scans = Math.round(files * (isScanDay ? 0.02 : 0.004) * work)
    files += scans
    const scanBytes = scans * 0.4 * MiB
    fileBytes += scanBytes
    log += between(3_000, 6_000) * work
    // Records of the log are purged by the week.
    if (day % 7 === 6) log *= between(0.8, 0.95)
    const rowBytes = rows.patient * 300 + rows.visit * 180 + rows.observation * 90 + log * 140
    const newRowBytes = rowBytes * between(0.01, 0.05) * work
    const newBytes = Math.round(newRowBytes + scanBytes)
    const storedBytes = Math.round(newRowBytes * between(0.25, 0.35) + scanBytes * between(0.55, 0.75))
    const counts = new Map([
      ['rows main.public.patient', Math.round(rows.patient)],
      ['rows main.public.visit', Math.round(rows.visit)],
      ['rows main.public.observation', Math.round(rows.observation)],
      ['rows main.public.log', Math.round(log)],
      ['rows main.public.session', Math.round(between(0, 500) * work)],
      ['rows main.public.outbox', chance() < 0.5 ? 0 : Math.round(between(0, 90))],
      ['files uploads', Math.round(files)],
    ])
    return { logicalBytes: Math.round(rowBytes + fileBytes), newBytes, storedBytes, counts }
  })
}

/** The same numbers for the same seed. mulberry32. */
function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
