import { strict as assert } from 'node:assert'
import { loadWasm } from '#host/wasm.ts'
import type { RowsHash } from './database-section.ts'

/** Counts and hashes the lines of a stream of COPY text. Streams are cut anywhere; the state is carried on. */
export interface RowHash {
  update(bytes: Uint8Array): void
  /** After the last byte, which must have ended a line. */
  digest(): RowsHash
}

/** See wasm/row-hash.as.ts. */
export interface RowHashModule {
  readonly memory: WebAssembly.Memory
  state(): number
  regions(): number
  regionSize(): number
  region(number: number): number
  begin(k0: bigint, k1: bigint): void
  update(from: number, end: number): void
  beginMessages(): void
  take(from: number, end: number, to: number, isHashed: boolean): number
  stoppedAt(): number
}

/** Layout of the state: see wasm/row-hash.as.ts. */
const stateSizeBytes = 96
const offsets = { lineLength: 48, lines: 56, sumLow: 64, sumHigh: 72, carried: 80 }

/**
 * `rows-v1` of SAFETY rule 18: the number of lines, and the sum modulo 2^128 of SipHash-2-4-128 of each line without
 * its newline, under `key` (16 bytes). The order of lines does not matter; equal lines count as often as they occur.
 */
export function createRowHash(key: Uint8Array): RowHash {
  const wasm = (loaded ??= loadWasm<RowHashModule>('row-hash'))
  beginRowHash(wasm, key)
  // One module serves all hashes: each keeps its own state and lends it for the length of a call.
  const state = stateOf(wasm).slice()
  const capacity = wasm.regionSize()
  const from = wasm.region(0)
  return {
    update(bytes) {
      stateOf(wasm).set(state)
      const input = new Uint8Array(wasm.memory.buffer, from, capacity)
      for (let offset = 0; offset < bytes.byteLength; offset += capacity) {
        const part = bytes.subarray(offset, offset + capacity)
        input.set(part)
        wasm.update(from, from + part.byteLength)
      }
      state.set(stateOf(wasm))
    },
    digest: () => digestOf(state),
  }
}

export function beginRowHash(wasm: RowHashModule, key: Uint8Array): void {
  assert.equal(key.byteLength, 16, 'a row hash key has 16 bytes')
  const view = new DataView(key.buffer, key.byteOffset, 16)
  wasm.begin(view.getBigUint64(0, true), view.getBigUint64(8, true))
}

/** The state lies in the module's own memory. */
export function stateOf(wasm: RowHashModule): Uint8Array {
  return new Uint8Array(wasm.memory.buffer, wasm.state(), stateSizeBytes)
}

export function digestOf(state: Uint8Array): RowsHash {
  const view = new DataView(state.buffer, state.byteOffset, stateSizeBytes)
  const unfinished = view.getBigUint64(offsets.lineLength, true) + BigInt(view.getUint32(offsets.carried, true))
  assert.equal(unfinished, 0n, 'the stream ended within a line')
  const sum = (view.getBigUint64(offsets.sumHigh, true) << 64n) | view.getBigUint64(offsets.sumLow, true)
  return { rows: Number(view.getBigUint64(offsets.lines, true)), sum: printSum(sum) }
}

let loaded: RowHashModule | undefined

/** The hash of two disjoint parts of a table together, as of its segments. */
export function addRowsHash(a: RowsHash, b: RowsHash): RowsHash {
  return { rows: a.rows + b.rows, sum: printSum((BigInt(`0x${a.sum}`) + BigInt(`0x${b.sum}`)) & (2n ** 128n - 1n)) }
}

export const noRows: RowsHash = { rows: 0, sum: printSum(0n) }

function printSum(sum: bigint): string {
  return sum.toString(16).padStart(32, '0')
}
