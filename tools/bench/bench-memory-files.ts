import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { memoryBar, type Bar } from './bars.ts'
import { measure, told } from './measure.ts'
import { integrum, type Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

const GiB = 2 ** 30
const foldersAtFullScale = 1000
const filesInFolder = 1000

/** Memory of a backup at the ends of what there is: one sparse file of 20 GiB, and 1,000,000 small files, at scale 1. */
export async function benchMemoryFiles(place: Workplace): Promise<Outcome> {
  return { races: [], bars: [...(await benchSparseFile(place)), ...(await benchManyFiles(place))] }
}

async function benchSparseFile(place: Workplace): Promise<Bar[]> {
  const source = path.join(place.folder, 'sparse')
  await makeSparseFile(source, place.scale)
  const backup = await newRepository(place, 'sparse-repository')
  const bars = [await backup(source, `a sparse file of ${printBytes(20 * GiB * place.scale)}`)]
  await rm(source, { recursive: true })
  return bars
}

async function benchManyFiles(place: Workplace): Promise<Bar[]> {
  const source = path.join(place.folder, 'many')
  const folders = Math.max(1, Math.round(foldersAtFullScale * place.scale))
  const count = printCount(folders * filesInFolder)
  await makeManyFiles(source, folders)
  const backup = await newRepository(place, 'many-repository')
  const bars = [await backup(source, `${count} small files`), await backup(source, `${count} small files, unchanged`)]
  await rm(source, { recursive: true })
  return bars
}

async function newRepository(place: Workplace, name: string): Promise<(source: string, what: string) => Promise<Bar>> {
  const repository = path.join(place.folder, name)
  await measure(integrum(place, repository, 'repository', 'create'))
  return async (source, what) => {
    const measured = await measure(integrum(place, repository, 'backup', '--system', 'bench', '--files', `data=${source}`, '--json'))
    if (told(measured.stdout)['gaps'] !== 0) throw new Error(`the backup of ${what} has gaps:\n${measured.stdout}`)
    return memoryBar(`${what}, in ${printDuration(measured.durationMs)}`, measured.memoryBytes)
  }
}

/** Pages of text far apart, holes between them. */
async function makeSparseFile(folder: string, scale: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  await using file = await open(path.join(folder, 'disk.img'), 'w')
  const sizeBytes = Math.round(20 * GiB * scale)
  for (let at = 0; at < sizeBytes; at += GiB / 4) await file.write(`block at ${at}\n`.repeat(200), at)
  await file.truncate(sizeBytes)
}

async function makeManyFiles(folder: string, folders: number): Promise<void> {
  for (let at = 0; at < folders; at += 1) {
    const inside = path.join(folder, `patient-${at}`)
    await mkdir(inside, { recursive: true })
    for (let first = 0; first < filesInFolder; first += 50) {
      const numbers = Array.from({ length: 50 }, (_, offset) => first + offset)
      await Promise.all(numbers.map((number) => writeFile(path.join(inside, `report-${number}.txt`), reportText(at, number))))
    }
  }
}

function reportText(patient: number, number: number): string {
  return `patient ${patient}: finding ${(patient * 7919 + number * 104_729) % 1_000_003} of visit ${number}\n`.repeat(1 + (number % 4))
}
