import type { TestLine } from '#contract/systems.ts'

export interface LineGroup {
  /** `database main`. */
  readonly subject: string
  readonly lines: readonly { readonly aspect: string; readonly line: TestLine }[]
}

/** The lines of each source together, in the order in which they came: the subject of a line is `database main: coverage`. */
export function groupsOfLines(lines: readonly TestLine[]): readonly LineGroup[] {
  const groups = new Map<string, { aspect: string; line: TestLine }[]>()
  for (const line of lines) {
    const [subject = '', aspect = ''] = line.subject.split(': ')
    const group = groups.get(subject) ?? []
    groups.set(subject, [...group, { aspect, line }])
  }
  return [...groups].map(([subject, grouped]) => ({ subject, lines: grouped }))
}
