import { test } from 'node:test'
import { soundExhibit } from '#test/broken/exhibit.ts'
import { survivesAccidents } from '#test/broken/random-damage.ts'

test('INV-17 INV-19 three hundred times: no wrong byte comes out, and a repair loses nothing that was there', async () => {
  await survivesAccidents(await soundExhibit(), 300)
})
