import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { run } from '#host/run.ts'

const toldSchema = z.looseObject({ status: z.string() })

/** The last line of a command that ran with `--json`. */
export type Told = z.infer<typeof toldSchema>

const program = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'bin', 'integrum')

/** Runs the command line as an administrator would, and shows what was typed. Anything but "done" ends the demo. */
export async function integrum(...words: readonly string[]): Promise<Told> {
  process.stderr.write(`   $ integrum ${words.join(' ')}\n`)
  const result = await run(program, words)
  const told = parse(toldSchema, result.stdout.trim().split('\n').at(-1) ?? '', `the answer of integrum ${words[0]}`, 'DATABASE_TOOL')
  if (result.exitCode !== 0)
    throw new Fault(
      'DATABASE_TOOL',
      `integrum ${words.slice(0, 2).join(' ')} ended with ${result.exitCode}: ${result.stderr.trim().slice(-2000)}`,
    )
  return told
}
