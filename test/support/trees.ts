import path from 'node:path'
import assert from 'node:assert/strict'
import { run } from '#host/run.ts'
import { sharedFolder } from './shared.ts'

/** The hard tree of the shared cases, below `directory`/hard. */
export async function makeHardTree(directory: string): Promise<void> {
  const made = await run('bash', [path.join(sharedFolder(), 'cases/hard-tree.sh'), directory])
  assert.equal(made.exitCode, 0, made.stderr)
}

/** `../shared/tools/treediff.sh`: returns its whole output. Assert on /^IDENTICAL$/m. */
export async function treeDiff(a: string, b: string, ...flags: string[]): Promise<string> {
  const result = await run('bash', [path.join(sharedFolder(), 'tools/treediff.sh'), ...flags, a, b])
  return result.stdout + result.stderr
}

export async function copyTree(from: string, to: string): Promise<void> {
  const copied = await run('cp', ['-a', '--sparse=auto', '--', from, to])
  assert.equal(copied.exitCode, 0, copied.stderr)
}

/** Its sparse file of 1 GiB as one of 64 MiB, with data in its middle and at its end: the same case in a sixteenth of the time. */
export async function shrinkSparse(directory: string): Promise<void> {
  const write = (text: string, at: number) => `printf ${text} | dd of=sparse-1g bs=1 seek=${at} conv=notrunc status=none`
  const script = `rm sparse-1g && truncate -s 64M sparse-1g && ${write('mid', 30_000_000)} && ${write('tail', 66_000_000)}`
  const made = await run('bash', ['-c', script], { cwd: path.join(directory, 'hard') })
  assert.equal(made.exitCode, 0, made.stderr)
}
