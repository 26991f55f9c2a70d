// The command line, dying by SIGKILL at the k-th write of a restore's journal: just before it, or just after it is on
// disk. Arguments: k, before|after, and then the command.
import { RestoreJournal } from '#engine/restore/journal.ts'
import { main } from '#cli/main.ts'

const [at, when, ...words] = process.argv.slice(2)
const write = RestoreJournal.prototype.change
let count = 0
RestoreJournal.prototype.change = async function change(...args) {
  count += 1
  const dies = count === Number(at)
  if (dies && when === 'before') process.kill(process.pid, 'SIGKILL')
  await write.apply(this, args)
  if (dies) process.kill(process.pid, 'SIGKILL')
}
process.exitCode = await main(words)
