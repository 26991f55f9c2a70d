import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Fault, errnoOf } from '#base/fault.ts'

/**
 * Compiles and instantiates `build/wasm/<name>.wasm`, made from `src/…/wasm/<name>.as.ts` by `npm run build`.
 * TOOL_MISSING when it was not built. The caller states what the module exports.
 */
export function loadWasm<Exports extends object>(name: string, imports: WebAssembly.Imports = {}): Exports {
  const file = fileURLToPath(new URL(`../../build/wasm/${name}.wasm`, import.meta.url))
  let bytes: Buffer<ArrayBuffer>
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
    throw new Fault('TOOL_MISSING', `WebAssembly module ${name} is not built: run \`npm run build\``, { module: name }, { cause })
  }
  const trap = (_message: number, _file: number, line: number, column: number) => {
    throw new Error(`WebAssembly module ${name} stopped at line ${line}, column ${column}`)
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { ...imports, env: { abort: trap, ...imports['env'] } })
  // The one place where an instance's untyped exports get the type that its source declares.
  return instance.exports as unknown as Exports
}
