// A process of its own for tests of the files source: run as another user, or killed half-way.
// usage: node files-child.ts capture ROOT
import { captureFiles } from '#engine/sources/files/capture.ts'
import type { Gap } from '#engine/sources/source.ts'
import { errnoOf, isFault } from '#base/fault.ts'
import { entriesToMemory, testContext } from './entries-to-memory.ts'

const [verb, ...args] = process.argv.slice(2)

switch (verb) {
  case 'capture':
    await capture(args[0]!)
    break
  default:
    throw new Error(`unknown verb ${verb}`)
}

async function capture(root: string): Promise<void> {
  const gaps: Gap[] = []
  try {
    await using captured = await captureFiles({ name: 'uploads', root, newerThan: [] }, testContext(gaps))
    await entriesToMemory(captured, (gap) => gaps.push(gap))
    const { files, directories } = await captured.section()
    say(`files=${files} directories=${directories}`)
  } catch (error) {
    say(isFault(error) ? error.code : (errnoOf(error) ?? String(error)))
  }
  for (const { kind, what } of gaps) say(`${kind} ${what}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
