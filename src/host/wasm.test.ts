import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isFault } from '#base/fault.ts'
import { loadWasm } from './wasm.ts'

test('a WebAssembly module that was not built is a fault that names the command to run', () => {
  assert.throws(
    () => loadWasm('no-such-module'),
    (error) => isFault(error, 'TOOL_MISSING') && error.message.includes('npm run build'),
  )
})

test('a built module loads and its exports are callable', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 16, shared: true })
  const exports = loadWasm<{ cut: unknown }>('chunker', { env: { memory } })
  assert.equal(typeof exports.cut, 'function')
})
