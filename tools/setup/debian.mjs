import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { retrying, say, sh } from './processes.mjs'

/** Debian packages by the program that shows that each is there. */
const programs = {
  product: [
    { package: 'postgresql', program: 'initdb', isPostgres: true },
    { package: 'postgresql-client', program: 'pg_dump', isPostgres: true },
  ],
  tests: [
    { package: 'restic', program: 'restic' },
    { package: 'attr', program: 'getfattr' },
    { package: 'acl', program: 'setfacl' },
    { package: 'zstd', program: 'zstd' },
    { package: 'age', program: 'age' },
    { package: 'bsdutils', program: 'script' },
    { package: 'libcap2-bin', program: 'setcap' },
    { package: 'util-linux', program: 'unshare' },
    { package: 'openssl', program: 'openssl' },
    { package: 'jq', program: 'jq' },
    { package: 'curl', program: 'curl' },
    { package: 'chromium', program: 'chromium' },
  ],
  benchmarks: [
    { package: 'borgbackup', program: 'borg' },
    { package: 'pgbackrest', program: 'pgbackrest' },
  ],
}

/** Each need includes the ones before it. */
const needs = ['product', 'tests', 'benchmarks']

/** Installs what is missing and nothing else: with every program there, this reads a few folders and returns. */
export function installDebianPackages(need) {
  if (need === 'nothing') return
  const wanted = needs.slice(0, needs.indexOf(need) + 1).flatMap((name) => programs[name])
  const missing = wanted.filter((one) => !isInstalled(one)).map((one) => one.package)
  if (missing.length === 0) return
  const list = missing.join(' ')
  if (process.platform !== 'linux' || !isOnPath('apt-get')) {
    throw new Error(`please install these programs and run this again: ${list} (PostgreSQL 14 or newer with its client tools)`)
  }
  const isRoot = process.getuid() === 0
  if (!isRoot && !isOnPath('sudo')) throw new Error(`please run as root: apt-get install -y --no-install-recommends ${list}`)
  const asRoot = isRoot ? [] : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const root = (...command) => {
    const [program, ...args] = [...asRoot, ...command]
    sh(program, args, { env })
  }
  say(`installing Debian packages: ${list}`)
  // Integrum starts private clusters of its own; a system-wide server on port 5432 would be a surprise.
  if (missing.includes('postgresql')) root('sh', '-c', keepFromMakingCluster)
  retrying(() => {
    root('apt-get', '-o', 'DPkg::Lock::Timeout=300', 'update', '-qq')
    root('apt-get', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '-qq', '--no-install-recommends', ...missing)
  })
  const stillMissing = wanted.filter((one) => !isInstalled(one)).map((one) => one.program)
  if (stillMissing.length > 0) throw new Error(`installed ${list}, yet these programs are missing: ${stillMissing.join(' ')}`)
}

const keepFromMakingCluster = [
  'set -e',
  'file=/etc/postgresql-common/createcluster.conf',
  'test -e "$file" && exit 0',
  'mkdir -p /etc/postgresql-common',
  'echo "create_main_cluster = false" > "$file"',
].join('\n')

function isInstalled(need) {
  return isOnPath(need.program) || (need.isPostgres === true && hasPostgresProgram(need.program))
}

/** Debian keeps one folder per major version, outside PATH. */
function hasPostgresProgram(program) {
  const folder = '/usr/lib/postgresql'
  return existsSync(folder) && readdirSync(folder).some((version) => isExecutable(path.join(folder, version, 'bin', program)))
}

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && isExecutable(path.join(folder, program)))
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: both mean that it cannot be used.
    return false
  }
}
