import { test } from 'node:test'
import { soundExhibit } from '#test/broken/exhibit.ts'
import { survivesAccidents } from '#test/broken/random-damage.ts'

test('INV-17 INV-19 a hundred and fifty times: no wrong byte comes out, and a repair loses nothing that was there', async () => {
  await survivesAccidents(await soundExhibit(), 150)
})
