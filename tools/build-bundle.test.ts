import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { run } from '#host/run.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { projectFolder } from './tidy/source-file.ts'

/** The product alone in a folder of its own, where its sources may be changed. */
async function copiedProduct(place: string): Promise<string> {
  const root = path.join(place, 'product')
  for (const part of ['src', 'bin', 'package.json', 'tools/build-bundle.mjs'])
    await cp(path.join(projectFolder, part), path.join(root, part), { recursive: true })
  await mkdir(path.join(root, 'build'))
  for (const part of ['node_modules', 'build/wasm']) await symlink(path.join(projectFolder, part), path.join(root, part))
  return root
}

async function integrum(root: string, ...words: string[]) {
  // Said to be empty: Node hands it down by itself otherwise, and under it the sources run.
  return await run(path.join(root, 'bin/integrum'), words, { env: { PATH: '/usr/bin:/bin', NODE_V8_COVERAGE: '' } })
}

async function join(root: string): Promise<string> {
  const built = await run(process.execPath, [path.join(root, 'tools/build-bundle.mjs')])
  assert.equal(built.exitCode, 0, built.stderr)
  const [name] = (await readFile(path.join(root, 'build/bundle/current'), 'utf8')).split('\n')
  return path.join(root, 'build/bundle', name!)
}

test('the joined program is taken while it is what the sources say, and never when they say something else', async () => {
  await using place = await temporaryDirectory()
  const root = await copiedProduct(place.path)
  assert.match((await integrum(root, '--version')).stdout, /^\d+\.\d+\.\d+\n$/)

  const joined = await join(root)
  await appendFile(path.join(joined, 'begin.mjs'), "process.stderr.write('this is the joined one')\n")
  const isJoined = async () => (await integrum(root, '--version')).stderr.includes('this is the joined one')
  assert.ok(await isJoined())

  const main = path.join(root, 'src/cli/main.ts')
  const before = await readFile(main, 'utf8')
  assert.ok(before.includes('Backs up a clinical system'))
  await writeFile(main, before.replace('Backs up a clinical system', 'Looks after a clinic today'))
  assert.ok(!(await isJoined()))
  assert.match((await integrum(root, '--help')).stdout, /Looks after a clinic today/)

  // The same content again, though as another file.
  await writeFile(main, before)
  assert.ok(await isJoined())
  // Nothing is joined twice.
  assert.equal(await join(root), joined)

  await writeFile(main, before.replace('Backs up a clinical system', 'Looks after a clinic today'))
  assert.notEqual(await join(root), joined)
  assert.match((await integrum(root, '--help')).stdout, /Looks after a clinic today/)
})

for (const kind of ['sources', 'joined'] as const)
  test(`the program backs up, checks and restores with its threads: ${kind}`, () => playAll(kind))

async function playAll(kind: 'sources' | 'joined'): Promise<void> {
  await using place = await temporaryDirectory()
  const root = await copiedProduct(place.path)
  if (kind === 'joined') await appendFile(path.join(await join(root), 'begin.mjs'), "process.stderr.write('this is the joined one')\n")
  const source = path.join(place.path, 'source')
  await mkdir(source)
  await writeFile(path.join(source, 'scan'), randomBytes(3_000_000))
  await writeFile(path.join(place.path, 'password'), 'a password for joining')
  const words = ['--repository', path.join(place.path, 'repository'), '--password-file', path.join(place.path, 'password'), '--json']
  const told = async (...verb: string[]) => {
    const { exitCode, stdout, stderr } = await integrum(root, ...verb, ...words)
    assert.equal(exitCode, 0, stderr)
    assert.equal(stderr.includes('this is the joined one'), kind === 'joined')
    return stdout
  }
  await told('repository', 'create')
  assert.match(await told('backup', '--system', 'clinic', '--files', `data=${source}`), /"status":"completed"/)
  await told('repository', 'check', '--read-data')
  const plan = path.join(place.path, 'plan.json')
  await told('restore', 'plan', '--backup', 'latest', '--files', `data=${path.join(place.path, 'restored')}`, '--out', plan)
  const unattended = ['--confirm', 'clinic', '--no-safety-backup', '--reason', 'a test', '--state', path.join(place.path, 'state')]
  await told('restore', 'run', plan, ...unattended)
  assert.deepEqual(await readFile(path.join(place.path, 'restored/scan')), await readFile(path.join(source, 'scan')))
}
