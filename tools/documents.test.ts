import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { run } from '#host/run.ts'
import { commandsOf, type Command } from './tidy/documents.ts'
import { projectFiles, projectFolder } from './tidy/source-file.ts'

const program = path.join(projectFolder, 'bin/integrum')
const documents = projectFiles().filter((file) => /^(README|docs\/guide\/[\w-]+)\.md$/.test(file.path))
const helps = new Map<string, Promise<string | undefined>>()

/** What `integrum … --help` says; undefined when there is no such command. */
function helpOf(words: readonly string[]): Promise<string | undefined> {
  const key = words.join(' ')
  const known = helps.get(key) ?? askHelp(words)
  helps.set(key, known)
  return known
}

async function askHelp(words: readonly string[]): Promise<string | undefined> {
  const ended = await run(program, [...words, '--help'], { env: { PATH: process.env['PATH'] } })
  return ended.exitCode === 0 && ended.stdout.startsWith(`Usage: integrum ${words.join(' ')}`.trim()) ? ended.stdout : undefined
}

/** Follows the words down through the groups to the command; the rest are its arguments and options. */
async function complaintsAbout(command: Command): Promise<string[]> {
  const words = command.text.split(/\s+/).slice(1)
  let help: string | undefined
  let group = ''
  for (let count = 1; help === undefined; count += 1) {
    const asked = words[count - 1]?.startsWith('-') === false ? await helpOf(words.slice(0, count)) : undefined
    const usage = (asked ?? group).split('\n')[0]!
    // A group may do something itself, with a word that names no command: its usage then shows an argument.
    if (asked === undefined && !/\[command\] [[<]/.test(usage)) return [`${command.text}: no such command`]
    if (asked === undefined) help = group
    else if (usage.includes('[command]')) group = asked
    else help = asked
  }
  const flags = words.filter((word) => word.startsWith('--'))
  return flags
    .filter((flag) => !help.includes(`${flag} `) && !help.includes(`${flag}\n`))
    .map((flag) => `${command.text}: no option ${flag}`)
}

for (const document of documents) {
  test(`every integrum command that ${document.path} shows exists, with its options`, async () => {
    const commands = commandsOf(document).filter((command) => /^integrum\s/.test(command.text))
    const complaints: string[] = []
    for (const command of commands) complaints.push(...(await complaintsAbout(command)))
    assert.deepEqual(complaints, [])
    if (document.path === 'README.md') assert.ok(commands.length > 10, 'the README shows a whole session')
  })
}

test('every exit code and every command group stands in the README', () => {
  const readme = documents.find((document) => document.path === 'README.md')!.text
  for (const code of [0, 1, 2, 3]) assert.match(readme, new RegExp(`^\\| ${code} \\|`, 'm'))
  for (const name of [
    'repository create',
    'backup',
    'backups list',
    'verify',
    'restore plan',
    'restore run',
    'restore undo',
    'forget',
    'dump',
  ]) {
    assert.ok(readme.includes(`integrum ${name}`), name)
  }
})
