import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { retrying, say, sh } from './processes.mjs'

const stampFile = 'node_modules/.integrum-stamp'

/** `npm ci` when the lock file, the platform or the folder has changed since the last one that succeeded. */
export function installDependencies() {
  const stamp = lockFileStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('installing dependencies (npm ci)')
  // No script of a dependency ever runs: everything here works without.
  retrying(() => sh('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']))
  writeFileSync(stampFile, stamp)
}

export function lockFileStamp() {
  return createHash('sha256').update(readFileSync('package-lock.json')).update(`${process.platform}-${process.arch}`).digest('hex')
}
