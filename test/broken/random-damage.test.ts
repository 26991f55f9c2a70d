import { test } from 'node:test'
import { soundExhibit } from './exhibit.ts'
import { survivesAccidents } from './random-damage.ts'

test('INV-17 INV-19 whatever happens to up to three files: no wrong byte comes out, and a repair loses nothing that was there', async () => {
  await survivesAccidents(await soundExhibit(), 8)
})
