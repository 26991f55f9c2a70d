import type { Finding } from './source-file.ts'

interface Allowance {
  readonly rule: string
  readonly path: string
  readonly reason: string
}

/** Every exception there is. One that nothing needs any more is a finding itself. */
export const allowances: readonly Allowance[] = [
  { rule: 'clock', path: 'src/base/clock.ts', reason: 'the clock itself' },
  { rule: 'sleep', path: 'src/base/clock.ts', reason: 'the clock itself' },
  { rule: 'json', path: 'src/base/parse.ts', reason: 'the parser that everything else goes through' },
  { rule: 'parameters', path: 'src/base/parse.ts', reason: 'the fault code has a default, and every border of the product calls it' },
  { rule: 'rename', path: 'src/host/durable.ts', reason: 'renameDurably itself' },
  { rule: 'rename', path: 'src/engine/sources/files/move.ts', reason: 'names are bytes here, and the step that moves syncs both parents' },
  { rule: 'vague-noun', path: 'src/service/http/gate.ts', reason: "the name of a property of Fastify's" },
  { rule: 'vague-noun', path: 'src/service/http/server.ts', reason: "names of methods of Fastify's" },
]

/** What remains of the findings, and a finding for each allowance that allowed nothing. */
export function withoutAllowed(findings: readonly Finding[], allowed: readonly Allowance[]): Finding[] {
  const used = new Set<Allowance>()
  const remaining = findings.filter((finding) => {
    const allowance = allowed.find((one) => one.rule === finding.rule && one.path === finding.path)
    if (allowance) used.add(allowance)
    return !allowance
  })
  const stale = allowed.filter((one) => !used.has(one))
  return [
    ...remaining,
    ...stale.map((one) => ({
      rule: 'allowance',
      path: one.path,
      message: `the allowance for ${one.rule} is not needed any more: remove it`,
    })),
  ]
}
