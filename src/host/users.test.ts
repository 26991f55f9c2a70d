import { test } from 'node:test'
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { readAccounts } from './users.ts'

test('numbers have the names that id(1) says, and an unknown number has none', async () => {
  const accounts = await readAccounts()
  const id = (...args: string[]) => execFileSync('id', args, { encoding: 'utf8' }).trim()
  assert.equal(accounts.userName(process.getuid!()), id('-un'))
  assert.equal(accounts.groupName(process.getgid!()), id('-gn'))
  assert.equal(accounts.userName(3_999_999_999), '')
  assert.equal(accounts.uidOf('root'), 0)
  assert.equal(accounts.gidOf('nobody here'), undefined)
})

test('the first of two names for one number counts, and lines that are none are passed over', async () => {
  await using place = await temporaryDirectory()
  await writeFile(path.join(place.path, 'passwd'), '# a comment\nfirst:x:7:7::/:/bin/sh\nsecond:x:7:7::/:/bin/sh\n+nis\nbroken:x:seven\n')
  const accounts = await readAccounts(place.path)
  assert.equal(accounts.userName(7), 'first')
  assert.equal(accounts.uidOf('second'), 7)
  assert.equal(accounts.uidOf('broken'), undefined)
  // There is no group file: numbers suffice.
  assert.equal(accounts.groupName(7), '')
})
