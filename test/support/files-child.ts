// A process of its own for tests of the files source: run as another user, or killed half-way.
// usage: node files-child.ts capture ROOT
//        node files-child.ts stage SOURCE TARGET [FILES]            stages a capture of SOURCE for TARGET; killed after FILES files
//        node files-child.ts swap RECORD.json forward|back STEP     killed before its STEP-th rename, the first being 1
import { readFileSync } from 'node:fs'
import { captureFiles } from '#engine/sources/files/capture.ts'
import { rootRecordSchema } from '#engine/sources/files/root-record.ts'
import { stageFiles } from '#engine/sources/files/stage.ts'
import { planRoot, recoverRoot } from '#engine/sources/files/swap.ts'
import type { Gap } from '#engine/sources/source.ts'
import { errnoOf, isFault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { entriesToMemory, testContext } from './entries-to-memory.ts'

const [verb, ...args] = process.argv.slice(2)

switch (verb) {
  case 'capture':
    await capture(args[0]!)
    break
  case 'stage':
    await stage(args[0]!, args[1]!, Number(args[2] ?? '0'))
    break
  case 'swap':
    await swap(args[0]!, args[1] as 'forward' | 'back', Number(args[2]))
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

async function stage(source: string, root: string, dieAt: number): Promise<void> {
  try {
    await using captured = await captureFiles({ name: 'uploads', root: source, newerThan: [] }, testContext())
    const stored = await entriesToMemory(captured)
    const section = await captured.section()
    const { stagePath } = await planRoot({ name: 'uploads', path: root, hex: '0123456789ab' })
    const onProgress = ({ doneFiles = 0 }) => {
      if (dieAt > 0 && doneFiles >= dieAt) process.kill(process.pid, 'SIGKILL')
    }
    const staged = await stageFiles({ section, stored, root, stagePath, onProgress }, undefined)
    const verified = await staged.verify()
    say(`files=${verified.report.files} path=${verified.path}`)
    for (const line of verified.notRestored) say(line)
  } catch (error) {
    say(isFault(error) ? `${error.code} ${error.message}` : String(error))
  }
}

async function swap(file: string, direction: 'forward' | 'back', dieAt: number): Promise<void> {
  const record = parse(rootRecordSchema, readFileSync(file, 'utf8'), file)
  let step = 0
  await recoverRoot(record, direction, () => {
    step += 1
    if (step === dieAt) process.kill(process.pid, 'SIGKILL')
  })
  say(`steps=${step}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
