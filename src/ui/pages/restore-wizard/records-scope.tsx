import { RecordWishes } from '#ui/parts/record-wishes.tsx'
import { Section } from '#ui/parts/page.tsx'
import type { ScopePartProps } from './scope-props.ts'

/** Which records come back. */
export function RecordsScope({ systemId, choice, change, faults }: ScopePartProps & { readonly systemId: string }) {
  return (
    <Section
      title="Which records?"
      lead="Each with everything that belongs to it: its rows in other tables, and its files. Every other row stays as it is, and that is proven."
    >
      <RecordWishes
        systemId={systemId}
        wishes={choice.records}
        onChange={(wishes, database) => change({ records: wishes, recordsDatabase: database })}
        isLacking={faults['records'] !== undefined}
      />
    </Section>
  )
}
