import { capitalized } from '#ui/words.ts'

const periodWords: Readonly<Record<string, string>> = {
  hourly: 'Newest good one of the hour',
  daily: 'Newest good one of the day',
  weekly: 'Newest good one of the week',
  monthly: 'Newest good one of the month',
  yearly: 'Newest good one of the year',
}

const wordings: readonly (readonly [pattern: RegExp, words: (found: readonly string[]) => string])[] = [
  [/^(hourly|daily|weekly|monthly|yearly) (.+)$/, ([, rule = '', period = '']) => `${periodWords[rule]} ${period} (rule: ${rule})`],
  [/^last (\d+) of (\d+)$/, ([, place = '', of = '']) => `Number ${place} of the newest ${of} (rule: last)`],
  [/^younger than (\d+) days$/, ([, days = '']) => `Younger than ${days} days (rule: days)`],
  [/^last good backup of (.+)$/, ([, source = '']) => `The last good backup of ${source}: always stays`],
  [/^last proven backup of (.+)$/, ([, source = '']) => `The last proven backup of ${source}: always stays`],
  [/^legal hold (.+)$/, ([, reference = '']) => `On hold: ${reference}`],
  [/^an alert about a later backup is open$/, () => 'A later backup is in doubt: kept until the alert is settled'],
  [/^under the minimum retention of (\d+) days$/, ([, days = '']) => `Younger than the minimum of its record class (${days} days)`],
  [/^dated in the future$/, () => 'Dated in the future: nobody can say how old it is'],
]

/** Of a reason that a newer service may give: as it is. */
export function reasonWords(reason: string): string {
  for (const [pattern, words] of wordings) {
    const found = pattern.exec(reason)
    if (found) return words(found)
  }
  return capitalized(reason)
}
