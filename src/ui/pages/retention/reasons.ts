import { capitalized } from '#ui/words.ts'

const wordings: readonly (readonly [pattern: RegExp, words: (found: readonly string[]) => string])[] = [
  [/^(hourly|daily|weekly|monthly|yearly) (.+)$/, ([, rule = '', period = '']) => `${capitalized(rule)}: the newest of ${period}`],
  [/^last (\d+) of (\d+)$/, ([, place = '', of = '']) => `Last: number ${place} of the newest ${of}`],
  [/^younger than (\d+) days$/, ([, days = '']) => `Days: younger than ${days} days`],
  [/^last good backup of (.+)$/, ([, source = '']) => `The last good backup of ${source}`],
  [/^last proven backup of (.+)$/, ([, source = '']) => `The last proven backup of ${source}`],
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
