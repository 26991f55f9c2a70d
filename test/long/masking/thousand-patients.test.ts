import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertJoined, assertNobodyFound } from '#test/masking/judge.ts'
import { clinicMasks, maskedClinic } from '#test/masking/masked-clinic.ts'

test('INV-920 INV-921 INV-922 INV-923 of 1,000 patients nobody is found by value in a masked copy, joins hold, counts and intervals are equal', async () => {
  await using clinic = await maskedClinic(2.5)
  assert.equal((await clinic.cluster.psql('clinic', 'select count(*) from clinic.patient')).trim(), '1000')
  const told = await clinic.restored('research', await clinic.settings('settings.json', clinicMasks))
  assert.equal(told['type'], 'masked')
  assert.ok((await assertNobodyFound(clinic.cluster, 'clinic', 'research')) > 4000)
  await assertJoined(clinic.cluster, 'clinic', 'research')
  console.log(`backup of ${told['database'].rows} rows, ${told['database'].bytes} bytes: ${told['durationMs']} ms`)
})
