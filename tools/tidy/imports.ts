import path from 'node:path'
import { lineAt, type CodeFile, type Finding } from './source-file.ts'

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Path in the project; undefined for packages and Node's own modules. */
  readonly target: string | undefined
  /** Of a worker or a file beside the code, which no alias can name. */
  readonly isUrl: boolean
}

/** The layers of DESIGN §2: each may import itself and what stands here. */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  host: ['base'],
  contract: ['base'],
  engine: ['base', 'host'],
  service: ['base', 'host', 'contract', 'engine'],
  // Through the doors of `service`, for `serve`, `worker`, `catalog` and `audit`.
  cli: ['base', 'host', 'contract', 'engine', 'service'],
  ui: ['base', 'contract'],
  demo: ['base', 'host', 'contract', 'engine', 'cli'],
}

/** Inside the engine. `engine` itself stands for the files beside the folders, which everything below may use. */
const engineLayers: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  storage: ['engine'],
  sources: ['engine'],
  repository: ['engine', 'storage'],
  masking: ['engine', 'storage', 'repository', 'sources'],
  backup: ['engine', 'storage', 'repository', 'sources', 'masking'],
  restore: ['engine', 'storage', 'repository', 'sources', 'masking', 'backup'],
  entities: ['engine', 'storage', 'repository', 'sources', 'backup', 'restore'],
  timeline: ['engine', 'storage', 'repository', 'sources', 'backup', 'restore'],
  archive: ['engine', 'storage', 'repository', 'sources', 'backup', 'restore'],
}

const aliases: Readonly<Record<string, string>> = {
  '#base/': 'src/base/',
  '#host/': 'src/host/',
  '#contract/': 'src/contract/',
  '#engine/': 'src/engine/',
  '#service/': 'src/service/',
  '#cli/': 'src/cli/',
  '#ui/': 'src/ui/',
  '#demo/': 'demo/',
  '#test/': 'test/',
}

/** `builtWith` are the packages of development: the pages are built, so what they are made of is not there when the product runs. */
export function checkImports(files: readonly CodeFile[], dependencies: readonly string[], builtWith: readonly string[] = []): Finding[] {
  const known = (file: CodeFile) => (file.path.startsWith('src/ui/') ? [...dependencies, ...builtWith] : dependencies)
  return [...files.flatMap((file) => checkFile(file, known(file))), ...findCycles(files)]
}

/** Static, type-only, re-exporting and dynamic imports, and files named by `new URL(…, import.meta.url)`. */
export function importsOf(file: CodeFile): Import[] {
  const patterns = [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])(?<specifier>[^'"]+)\1/g,
    /\bimport\s*\(?\s*(['"])(?<specifier>[^'"]+)\1/g,
    /\bnew URL\(\s*(['"])(?<specifier>[^'"]+\.ts)\1\s*,\s*import\.meta\.url/g,
  ]
  const found = new Map<number, Import>()
  for (const pattern of patterns) {
    for (const match of file.withoutComments.matchAll(pattern)) {
      const specifier = match.groups!['specifier']!
      const index = match.index + match[0].lastIndexOf(specifier)
      // What stands inside another literal is an example, not an import.
      if (!file.literals.some((literal) => literal.index === index)) continue
      const isUrl = match[0].startsWith('new URL')
      found.set(index, { specifier, line: lineAt(file.text, index), target: resolve(file.path, specifier), isUrl })
    }
  }
  return [...found.values()]
}

function resolve(from: string, specifier: string): string | undefined {
  for (const [alias, folder] of Object.entries(aliases)) {
    if (specifier.startsWith(alias)) return folder + specifier.slice(alias.length)
  }
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(from), specifier)
  return /\.tsx?$/.test(specifier) ? path.posix.join(path.posix.dirname(from), specifier) : undefined
}

function checkFile(file: CodeFile, dependencies: readonly string[]): Finding[] {
  const findings: Finding[] = []
  for (const found of importsOf(file)) {
    const refuse = (rule: string, message: string) => findings.push({ rule, path: file.path, line: found.line, message })
    if (found.specifier.startsWith('../') && !found.isUrl) {
      refuse('relative-import', `'${found.specifier}' leaves the folder: write '${asAlias(found.target!) ?? 'a path below this folder'}'`)
    }
    if (found.target === undefined) checkPackage(file, packageName(found.specifier), { dependencies, refuse })
    else if (!file.isTest) checkLayer(file, found.target, refuse)
  }
  return findings
}

/** `src/engine/tree-node.ts` is `#engine/tree-node.ts`. */
export function asAlias(target: string): string | undefined {
  const alias = Object.entries(aliases).find(([, folder]) => target.startsWith(folder))
  return alias && alias[0] + target.slice(alias[1].length)
}

type Refuse = (rule: string, message: string) => void

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

interface PackageRules {
  readonly dependencies: readonly string[]
  readonly refuse: Refuse
}

function checkPackage(file: CodeFile, name: string, { dependencies, refuse }: PackageRules): void {
  if (name.startsWith('node:')) return
  if (file.path.startsWith('src/') && !file.isTest && !dependencies.includes(name)) {
    refuse('dependency', `${name} is not among the dependencies of package.json`)
  }
  if (file.path.startsWith('src/base/') && !file.isTest && name !== 'zod') refuse('dependency', `base uses nothing but zod, not ${name}`)
  // STYLE 18: what the bytes depend on for 25 years is ours. zod reads documents and is a plain library.
  if (file.path.startsWith('src/engine/repository/') && !file.isTest && !['libsodium-wrappers-sumo', 'zod'].includes(name)) {
    refuse('dependency', `the repository depends on libsodium alone (and zod to read its documents), not on ${name}`)
  }
}

function checkLayer(file: CodeFile, target: string, refuse: Refuse): void {
  const from = layerOf(file.path)
  const to = layerOf(target)
  if (from === undefined) return
  if (to === undefined) return refuse('layers', `${from} may not import ${target}: it is no part of the product`)
  if (from !== to) {
    if (!layers[from]?.includes(to))
      refuse('layers', `${from} may not import ${to}: imports run downward (${from} knows ${listed(layers[from])})`)
    return
  }
  if (from !== 'engine') return
  const below = engineFolderOf(file.path)
  const above = engineFolderOf(target)
  if (below !== above && !engineLayers[below]?.includes(above)) {
    refuse('layers', `engine/${below} may not import engine/${above}: it knows ${listed(engineLayers[below])}`)
  }
}

function listed(names: readonly string[] | undefined): string {
  return names && names.length > 0 ? names.join(', ') : 'nothing else'
}

/** `src/engine/…` is `engine`, `demo/…` is `demo`; tools and tests have none and may import anything. */
function layerOf(place: string): string | undefined {
  const [first, second] = place.split('/')
  if (first === 'demo') return 'demo'
  return first === 'src' ? second : undefined
}

function engineFolderOf(place: string): string {
  const parts = place.split('/')
  return parts.length > 3 ? parts[2]! : 'engine'
}

/** Type imports count: what cannot be read apart is not apart. */
function findCycles(files: readonly CodeFile[]): Finding[] {
  const graph = new Map(
    files.map((file) => [file.path, importsOf(file).flatMap((found) => (found.target === undefined ? [] : [found.target]))]),
  )
  const findings: Finding[] = []
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (place: string) => {
    if (state.get(place) === 'done' || !graph.has(place)) return
    if (state.get(place) === 'open') {
      const cycle = [...trail.slice(trail.indexOf(place)), place]
      findings.push({ rule: 'cycle', path: place, message: `imports form a circle: ${cycle.join(' → ')}` })
      return
    }
    state.set(place, 'open')
    trail.push(place)
    for (const target of graph.get(place)!) visit(target)
    trail.pop()
    state.set(place, 'done')
  }
  for (const place of graph.keys()) visit(place)
  return findings
}
