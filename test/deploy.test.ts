import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { run } from '#host/run.ts'
import { commands } from '#cli/commands.ts'

const units = ['deploy/systemd/integrum.service', 'deploy/systemd/integrum-worker.service']

for (const unit of units) {
  test(`${unit} starts a command that there is, and points to a page that there is`, () => {
    const text = readFileSync(unit, 'utf8')
    const command = /^ExecStart=\/opt\/integrum\/bin\/integrum (\w+)/m.exec(text)?.[1]
    assert.ok(command !== undefined && Object.hasOwn(commands, command), `integrum ${command}`)
    const page = /^Documentation=file:\/\/\/opt\/integrum\/(\S+)/m.exec(text)?.[1]
    assert.ok(page !== undefined && existsSync(page), String(page))
  })
}

test('systemd finds nothing wrong with the units, where it is installed', async (t) => {
  if (!existsSync('/usr/bin/systemd-analyze')) return t.skip('systemd-analyze is not installed here')
  const folder = mkdtempSync(path.join(tmpdir(), 'integrum-test-units-'))
  try {
    // The program stands where it was unpacked, not where it will be installed.
    for (const unit of units) {
      const text = readFileSync(unit, 'utf8').replaceAll('/opt/integrum', process.cwd())
      writeFileSync(path.join(folder, path.basename(unit)), text)
    }
    const verified = await run('systemd-analyze', ['verify', ...units.map((unit) => path.join(folder, path.basename(unit)))])
    assert.equal(verified.exitCode, 0, verified.stderr)
    assert.doesNotMatch(verified.stderr, /integrum/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the images and compositions name files, commands and variables that there are', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8')
  for (const [, script] of dockerfile.matchAll(/node (tools\/\S+)/g)) assert.ok(existsSync(script!), String(script))
  assert.match(dockerfile, /CMD \["integrum", "serve"\]/)
  const config = readFileSync('src/service/config.ts', 'utf8')
  for (const file of ['Dockerfile', 'docker-compose.yml', 'docker-compose.test.yml']) {
    const text = readFileSync(file, 'utf8')
    for (const [name] of text.matchAll(/\bINTEGRUM_[A-Z_]+\b/g)) assert.ok(config.includes(name), `${file}: ${name}`)
    for (const [, place] of text.matchAll(/- (\.\/\S+?):/g)) assert.ok(existsSync(place!), `${file}: ${place}`)
  }
})
