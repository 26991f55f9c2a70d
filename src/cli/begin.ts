import { stat, readFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { environment } from '#host/environment.ts'
import { systemRandom } from '#host/random.ts'
import { deriveAhead } from '#engine/repository/derivation.ts'
import { openStorage } from '#engine/storage/storages.ts'

const words = process.argv.slice(2)
/** A storage that takes longer to answer is not waited for. */
const headStartMs = 50

await headStart()
const { main } = await import('./main.ts')
process.exitCode = await main(words)

/**
 * What every command with a repository waits for longest is begun here, and goes on while the rest is loaded. Nothing
 * depends on it: what goes wrong is left to the command, which will meet the same and say it.
 */
async function headStart(): Promise<void> {
  const set = environment(['INTEGRUM_REPOSITORY', 'INTEGRUM_PASSWORD_FILE'])
  const repository = option('--repository') ?? set['INTEGRUM_REPOSITORY']
  const passwordFile = option('--password-file') ?? set['INTEGRUM_PASSWORD_FILE']
  if (repository === undefined || passwordFile === undefined || words.includes('--help')) return
  const over = new AbortController()
  const tasks = [beginAhead(repository, passwordFile, over.signal), systemClock.sleep(headStartMs, over.signal)]
  // Whichever is done first ends the other, and a failure of either is no news yet.
  await Promise.race(tasks.map((task) => task.catch(() => {})))
  over.abort()
}

async function beginAhead(repository: string, passwordFile: string, signal: AbortSignal): Promise<void> {
  // A pipe can be read once only, and not by us.
  if (!(await stat(passwordFile)).isFile()) return
  const password = (await readFile(passwordFile, 'utf8')).trim()
  if (password !== '') await deriveAhead(openStorage(repository, systemClock, systemRandom), password, signal)
}

function option(name: string): string | undefined {
  const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`))
  return at === -1 ? undefined : words[at] === name ? words[at + 1] : words[at]!.slice(name.length + 1)
}
