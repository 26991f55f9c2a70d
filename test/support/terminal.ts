import assert from 'node:assert/strict'
import { run } from '#host/run.ts'

/** Runs a program that asks its questions on a terminal (age never takes a passphrase elsewhere) and answers line by line. */
export async function onTerminal(command: string, answers: readonly string[]): Promise<void> {
  const typed = answers.map((answer) => `sleep 0.5; printf '%s\\n' '${answer}'`).join('; ')
  const result = await run('bash', [
    '-c',
    `(${typed}; sleep 0.5; cat > /dev/null < /dev/null) | script --quiet --return --command '${command}' /dev/null`,
  ])
  assert.equal(result.exitCode, 0, `${command}: ${result.stdout}`)
}
