import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { looksAtDialogs } from './dialogs.ts'

/** What opens over a page; `Confirm` is a dialog of each who uses it. */
const opening = /<(?:Modal|Drawer|Confirm|Menu\.Dropdown|Spotlight|Popover|HoverCard|Dialog\.Root)(?=[\s>])/g
/** What only frames the dialogs of others. */
const frames = new Set(['parts/confirm.tsx'])

test('axe and the eye have been before every dialog, drawer and menu: each is opened by a walk that looks at it', () => {
  const opened = globSync('src/ui/**/*.tsx').flatMap((file) => {
    const count = readFileSync(file, 'utf8').match(opening)?.length ?? 0
    return count === 0 ? [] : [{ file: path.relative('src/ui', file), count }]
  })
  const unseen = opened.filter(({ file, count }) => !frames.has(file) && (looksAtDialogs[file]?.length ?? 0) < count)
  assert.deepEqual(unseen, [], 'write a walk that looks at these, and name the looks in dialogs.ts')
  const files = new Set(opened.map(({ file }) => file))
  const gone = Object.keys(looksAtDialogs).filter((file) => !files.has(file))
  assert.deepEqual(gone, [], 'these open nothing any more')
})

test('each look at a dialog is taken by a walk', () => {
  const walks = globSync('test/walk/*.test.ts').map((file) => readFileSync(file, 'utf8'))
  const untaken = Object.values(looksAtDialogs)
    .flat()
    .filter((look) => !walks.some((text) => text.includes(`.look('${look}')`)))
  assert.deepEqual(untaken, [])
})
