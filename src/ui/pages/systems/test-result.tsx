import { Box, Stack, Text } from '@mantine/core'
import type { SystemTest, TestLine } from '#contract/systems.ts'
import { CopyButton } from '#ui/parts/copy-button.tsx'
import { ToneIcon, Note } from '#ui/parts/tone.tsx'
import { capitalized, counted, type Tone } from '#ui/words.ts'
import { groupsOfLines } from './test-lines.ts'

const tones: Readonly<Record<TestLine['result'], Tone>> = { ok: 'good', warning: 'warning', failed: 'bad' }
const resultWords: Readonly<Record<TestLine['result'], string>> = { ok: 'In order', warning: 'Look at this', failed: 'Would fail' }

/** What a test of a system found, source by source, and what to run where something is missing. */
export function TestResult({ test }: { readonly test: SystemTest }) {
  const failed = test.lines.filter(({ result }) => result === 'failed').length
  const warnings = test.lines.filter(({ result }) => result === 'warning').length
  return (
    <Stack gap="md">
      <div role="status">
        <Note tone={tones[test.result]} title={verdictOf({ failed, warnings, all: test.lines.length })}>
          {test.result === 'failed' && 'Do what is said below, then test again.'}
        </Note>
      </div>
      {groupsOfLines(test.lines).map(({ subject, lines }) => (
        <Box key={subject} component="section" aria-label={subject}>
          <Text fw={650} size="sm" mb={4}>
            {capitalized(subject)}
          </Text>
          <Stack gap="xs">
            {lines.map(({ aspect, line }) => (
              <Line key={aspect} aspect={aspect} line={line} />
            ))}
          </Stack>
        </Box>
      ))}
    </Stack>
  )
}

function verdictOf({ failed, warnings, all }: { readonly failed: number; readonly warnings: number; readonly all: number }): string {
  if (failed > 0) return `A backup would fail: ${failed} of ${counted(all, 'check')} found something missing`
  if (warnings > 0) return `A backup would work; ${counted(warnings, 'check')} of ${all} should be looked at`
  return `A backup would work: all ${counted(all, 'check')} are in order`
}

function Line({ aspect, line }: { readonly aspect: string; readonly line: TestLine }) {
  const { result, fact, hint, statements } = line
  return (
    <Box style={{ display: 'flex', gap: 10 }}>
      <ToneIcon tone={tones[result]} />
      <div style={{ minWidth: 0, flex: 1 }}>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <span className="visually-hidden">{resultWords[result]}: </span>
          {aspect !== '' && <strong>{capitalized(aspect)}: </strong>}
          {fact}
        </Text>
        {hint !== '' && (
          <Text size="sm" c="dimmed">
            {hint}
          </Text>
        )}
        {statements.length > 0 && <Statements statements={statements} />}
      </div>
    </Box>
  )
}

function Statements({ statements }: { readonly statements: readonly string[] }) {
  const text = statements.join('\n')
  return (
    <Stack gap="xs" mt="xs" align="flex-start">
      <Text size="sm">Run this in that database as a superuser, for example with psql:</Text>
      <pre className="log surface" tabIndex={0} aria-label="Statements to run" style={{ width: '100%' }}>
        {text}
      </pre>
      <CopyButton text={text}>{statements.length === 1 ? 'Copy the statement' : 'Copy the statements'}</CopyButton>
    </Stack>
  )
}
