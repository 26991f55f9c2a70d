import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from '#host/run.ts'

export interface Scratch extends AsyncDisposable {
  readonly root: string
  readonly repository: string
  readonly target: string
}

/** A folder for one test, removed with its scope. */
export async function scratch(): Promise<Scratch> {
  const root = await mkdtemp(path.join(tmpdir(), 'integrum-test-restic-'))
  return {
    root,
    repository: path.join(root, 'repository'),
    target: path.join(root, 'target'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

/** Runs the real restic on the scratch repository; its failure fails the test with what it said. */
export async function restic(place: Scratch, password: string, args: readonly string[]): Promise<string> {
  const result = await run('restic', ['--no-cache', '-r', place.repository, ...args], {
    env: { PATH: process.env['PATH'], HOME: place.root, RESTIC_PASSWORD: password },
  })
  assert.equal(result.exitCode, 0, `restic ${args.join(' ')}: ${result.stdout}${result.stderr}`)
  return result.stdout
}

/** Rows as COPY writes them, always the same for a seed. */
export function copyText(sizeBytes: number, seed: number): Buffer {
  const rows: string[] = []
  let state = seed
  for (let length = 0, number = 0; length < sizeBytes; number += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const row = `${number}\t${state % 5000}\t2026-0${(state % 9) + 1}-1${state % 10} 08:${10 + (state % 50)}:00\t${state / 1000}\tmmol/l\n`
    rows.push(row)
    length += row.length
  }
  return Buffer.from(rows.join('')).subarray(0, sizeBytes)
}
