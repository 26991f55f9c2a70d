import type { MaskedClinic } from './masked-clinic.ts'

/** A backup of the whole clinic, and the commands that bring it back elsewhere with masks. */
export async function maskedRestores(clinic: MaskedClinic) {
  const { json } = await clinic.place.expect(
    0,
    'backup',
    '--system',
    'emr',
    '--database',
    `main=${clinic.cluster.url('clinic')}`,
    '--files',
    `documents=${clinic.files}`,
  )
  const whole: string = json['backup']
  const planned = async (exitCode: number, settings: object, ...words: readonly string[]) =>
    await clinic.place.expect(
      exitCode,
      'restore',
      'plan',
      '--backup',
      whole,
      '--masked',
      '--settings',
      await clinic.settings('settings.json', settings),
      '--out',
      clinic.place.file('plan'),
      ...words,
    )
  const run = (exitCode: number, ...words: readonly string[]) =>
    clinic.place.expect(
      exitCode,
      'restore',
      'run',
      clinic.place.file('plan'),
      '--confirm',
      'emr',
      '--no-safety-backup',
      '--reason',
      'a new database',
      ...words,
    )
  const to = (database: string) => ['--database', `main=${clinic.cluster.url(database)}`]
  return { whole, planned, run, to }
}
