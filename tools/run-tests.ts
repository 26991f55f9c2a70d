import { existsSync, globSync, statSync } from 'node:fs'
import path from 'node:path'
import { run as runTestFiles } from 'node:test'
import { coverageOf, type Coverage } from './coverage.ts'
import { runChecks } from './checks.ts'
import { TestReport } from './test-report.ts'

// `npm test` runs everything below these but what takes too long for every day. A commit is judged with the slow ones too
// (`npm test -- --slow`), and `npm run test:long` runs everything.
const everyday = ['src/**/*.test.ts', 'demo/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts']
const long = ['test/long/**/*.test.ts', 'test/walk/**/*.test.ts']
/** For every day, although they stand among the long ones: one walk through the pages, and the list of what the others look at. */
const everydayAmongLong = ['test/walk/short.test.ts', 'test/walk/dialogs.test.ts']

/** Half a minute to three of each, half the time of all together: whole walks and sweeps, of which the others try parts. */
const slow = {
  'test/archive': ['foreign-dumps', 'without-integrum'],
  'test/bad-input': ['bad-input'],
  'test/broken': ['museum'],
  'test/entities': ['copies', 'keyless'],
  'test/service': [
    'audit-copies',
    'audit-export',
    'backup-archives',
    'backup-care',
    'bad-input',
    'drills',
    'killed-service',
    'masks',
    'matrix',
    'raised',
    'record-choices',
    'record-history',
    'records',
    'restores',
    'retention-removal',
    'scheduled-month',
    'selective-backups',
    'self-backup',
    'space',
    'takeover',
    'walk',
    'workers',
  ],
}

/** Test files start servers of their own, on two cores as a rule: one more than that, since one of them always waits for a clock or a server. */
const concurrency = 3
/** A file that hangs ends here instead of never. */
const fileTimeoutMs = 20 * 60 * 1000
const coveredLinesPercentMin = 85
/** Each for itself: much of one does not make up for little of the other. */
const coveredFolders = ['src/engine', 'src/service'] as const

type FolderCoverage = Coverage & { readonly folder: string }

const { values: flags, positionals } = readArguments(process.argv.slice(2))
const isEverything = positionals.length === 0
const report = new TestReport((text) => process.stdout.write(text))

if (flags.checksOnly || isEverything) for (const check of await runChecks()) report.addCheck(check)
if (!flags.checksOnly) {
  const files = testFiles()
  for (const coverage of await runFiles(files)) judgeCoverage(coverage)
}
process.exitCode = report.end({ expectsTests: !flags.checksOnly })

function readArguments(args: readonly string[]) {
  const values = { long: false, slow: false, checksOnly: false }
  const known = new Map<string, keyof typeof values>([
    ['--long', 'long'],
    ['--slow', 'slow'],
    ['--checks-only', 'checksOnly'],
  ])
  const paths: string[] = []
  for (const argument of args) {
    const flag = known.get(argument)
    if (flag) values[flag] = true
    else paths.push(argument)
  }
  return { values, positionals: paths }
}

function testFiles(): string[] {
  if (positionals.length > 0) return positionals.flatMap(filesBelow)
  const slowFiles = Object.entries(slow).flatMap(([folder, names]) => names.flatMap((name) => filesBelow(`${folder}/${name}.test.ts`)))
  const exclude = flags.long ? [] : flags.slow ? long : [...long, ...slowFiles]
  return [...new Set([...globSync(everyday, { exclude }), ...globSync(everydayAmongLong)])].toSorted()
}

/** A file is run as it is; of a folder, every test file below. A path that is not there is a failure, not an empty run. */
function filesBelow(place: string): string[] {
  if (!existsSync(place)) {
    report.addCheck({ name: place, isPassed: false, output: `there is no ${place}\n` })
    return []
  }
  if (statSync(place).isFile()) return [place]
  return globSync(path.join(place, '**/*.test.ts')).toSorted()
}

async function runFiles(files: readonly string[]): Promise<readonly FolderCoverage[]> {
  if (files.length === 0) return []
  let coverages: readonly FolderCoverage[] = []
  const events = runTestFiles({
    files: files.map((file) => path.resolve(file)),
    concurrency,
    timeout: fileTimeoutMs,
    // Counting lines slows the sweeps, and every day counts them.
    ...(isEverything &&
      !flags.long && {
        coverage: true,
        coverageIncludeGlobs: coveredFolders.map((folder) => `${folder}/**/*.ts`),
        coverageExcludeGlobs: ['**/*.test.ts', '**/*.suite.ts'],
      }),
  })
  for await (const event of events) {
    if (event.type === 'test:coverage')
      coverages = coveredFolders.map((folder) => ({ folder, ...coverageOf(event.data.summary.files, folder) }))
    else report.take(event)
  }
  return coverages
}

function judgeCoverage(coverage: FolderCoverage): void {
  const lowest = coverage.files.slice(0, 10).map((file) => `  ${file.coveredPercent.toFixed(1).padStart(5)} % ${file.path}\n`)
  const percent = coverage.coveredPercent.toFixed(1)
  report.addCheck({
    name: `coverage of ${coverage.folder}: ${percent} % of ${coverage.lines} lines, at least ${coveredLinesPercentMin} % is asked`,
    isPassed: coverage.coveredPercent >= coveredLinesPercentMin,
    output: `lowest:\n${lowest.join('')}`,
  })
}
