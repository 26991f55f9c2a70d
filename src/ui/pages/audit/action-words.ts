import { endpoints } from '#contract/contract.ts'
import { capitalized, sentenceCase } from '#ui/words.ts'

const summaries = new Map(endpoints.map(({ name, summary }) => [name, summary]))

/** What the service does without being asked by anybody. */
const own: Readonly<Record<string, string>> = {
  'backup.anomalous': 'a backup is unlike those before it',
  'backup.deleted-by-policy': 'a retention policy deleted a backup',
  'backup.found': 'a backup was found in a repository',
  'backup.imported': 'a backup was brought in from a file',
  'backup.missing': 'a backup is no longer in its repository',
  'backup.removal-refused': 'a backup was not removed, though it was deleted',
  'backup.removed': 'a deleted backup was removed for good',
  'catalog.copy-taken': 'the catalog was copied into a repository',
  'catalog.rebuild': 'the catalog was rebuilt from a repository',
  'holds.found': 'a legal hold was found in a repository',
  'schedule.adapted': 'a schedule was adapted',
  'system.found': 'a system was found in a repository',
}

/** Of an action's name; one that only a newer service knows is shown as it is. */
export function actionWords(action: string): string {
  return capitalized(own[action] ?? summaries.get(action) ?? sentenceCase(action.replaceAll('.', ' ')))
}

/** To be chosen from: everything that is written down, and each capability as a whole, with a dot at its end. */
export const actionChoices: readonly string[] = [
  ...new Set(
    [...endpoints.filter(({ isAudited }) => isAudited).map(({ name }) => name), ...Object.keys(own)].flatMap((name) => [
      `${name.split('.')[0]}.`,
      name,
    ]),
  ),
].toSorted()
