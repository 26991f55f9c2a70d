// The one door from a fresh machine: `npm run demo`, `npm test`, … start here. Plain JavaScript for Node 20 and newer,
// and nothing from node_modules, because there may be none yet. Everything it says goes to stderr: stdout belongs to
// the command it hands over to.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDebianPackages } from './setup/debian.mjs'
import { installDependencies } from './setup/dependencies.mjs'
import { withSetupLock } from './setup/lock.mjs'
import { node26 } from './setup/node-26.mjs'
import { handOver, say, sh } from './setup/processes.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** What each verb ends in, and which programs it needs: benchmarks those of the tests too, tests those of the product. */
const verbs = {
  start: { script: 'src/cli/start.ts', leading: ['serve'], needs: 'product' },
  demo: { script: 'demo/main.ts', needs: 'product' },
  test: { script: 'tools/run-tests.ts', needs: 'tests' },
  'test-long': { script: 'tools/run-tests.ts', leading: ['--long'], needs: 'tests' },
  bench: { script: 'tools/bench/main.ts', needs: 'benchmarks' },
  pictures: { script: 'tools/guide-pictures.ts', needs: 'tests' },
  lint: { script: 'tools/run-tests.ts', leading: ['--checks-only'], needs: 'nothing' },
  build: { needs: 'nothing' },
}

async function main() {
  const [name, ...rest] = process.argv.slice(2)
  const verb = verbs[name]
  if (!verb) throw new Error(`usage: node tools/setup.mjs ${Object.keys(verbs).join('|')} [argument…]`)
  process.chdir(root)
  const node = await withSetupLock(root, () => setUp(verb))
  if (!verb.script) return 0
  if (!existsSync(verb.script)) throw new Error(`${verb.script} is missing`)
  return await handOver(node, [verb.script, ...(verb.leading ?? []), ...rest], environment(node))
}

function setUp(verb) {
  installDependencies()
  installDebianPackages(verb.needs)
  const node = node26(root)
  if (existsSync('tools/build-wasm.mjs')) sh(node, ['tools/build-wasm.mjs'], { env: environment(node) })
  if (existsSync('tools/build-ui.mjs')) sh(node, ['tools/build-ui.mjs'], { env: environment(node) })
  if (existsSync('tools/build-bundle.mjs')) sh(node, ['tools/build-bundle.mjs'], { env: environment(node) })
  return node
}

/** Scripts that begin with `#!/usr/bin/env node` find the same Node. */
function environment(node) {
  return { ...process.env, PATH: path.dirname(node) + path.delimiter + (process.env.PATH ?? '') }
}

try {
  process.exitCode = await main()
} catch (error) {
  say(`failed: ${error.message}`)
  process.exitCode = 1
}
