import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { run } from '#host/run.ts'
import { breakages, type Breakage } from '#test/safety/breakages.ts'

const project = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(tmpdir(), 'integrum-breakages-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const copy = copyOfProject()

/** A test that passes in spite of it would prove nothing. Each is first seen to pass in the copy as it is. */
const passing = new Set<string>()
for (const breakage of breakages) {
  test(`safety rule ${breakage.rule}: without ${breakage.without} a test fails`, async () => {
    const which = `${breakage.test} ${breakage.title}`
    if (!passing.has(which)) {
      const whole = await runTest(breakage, patienceSeconds.whole)
      assert.match(whole, reported('ok', breakage.title), `it passes while nothing is broken:\n${whole.slice(-3000)}`)
      passing.add(which)
    }
    const place = path.join(copy, breakage.file)
    const text = readFileSync(place, 'utf8')
    writeFileSync(
      place,
      text.replace(breakage.find, () => breakage.replace),
    )
    build(breakage)
    try {
      assert.match(await runTest(breakage, patienceSeconds.broken), reported('not ok', breakage.title))
    } finally {
      writeFileSync(place, text)
      build(breakage)
    }
  })
}

/** What is committed or about to be, with the installed packages and the compiled parts. */
function copyOfProject(): string {
  const place = path.join(folder, 'project')
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: project, encoding: 'utf8' })
  for (const file of listed.split('\0').filter((name) => name !== '')) cpSync(path.join(project, file), path.join(place, file))
  cpSync(path.join(project, 'build'), path.join(place, 'build'), { recursive: true })
  symlinkSync(path.join(project, 'node_modules'), path.join(place, 'node_modules'))
  symlinkSync(path.resolve(project, '../shared'), path.join(folder, 'shared'))
  return place
}

/** What is broken may hang, and has failed then; what is whole may be slow on a busy machine. */
const patienceSeconds = { whole: 400, broken: 60 }

async function runTest({ test: file, title }: Breakage, seconds: number): Promise<string> {
  const pattern = title.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  // Of a test that does not end, servers and clients go with its process group.
  const limited = ['-k', '10', `${3 * seconds}`, process.execPath, '--test', `--test-timeout=${1000 * seconds}`, '--test-force-exit']
  const args = [...limited, '--test-reporter=tap', `--test-name-pattern=${pattern}`, file]
  const ended = await run('timeout', args, { cwd: copy, env })
  return ended.stdout + ended.stderr
}

/** As the TAP reporter writes it; a file that does not even load reports no title. */
function reported(result: 'ok' | 'not ok', title: string): RegExp {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^\\s*${result} \\d+ - [^\\n]*${escaped}(?![^\\n]*# SKIP)`, 'm')
}

function build({ file }: Breakage): void {
  if (file.includes('/wasm/')) execFileSync(process.execPath, ['tools/build-wasm.mjs'], { cwd: copy })
}
