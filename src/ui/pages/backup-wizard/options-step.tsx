import { Input, Slider, Stack, Switch, Text, TextInput, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { SystemView } from '#contract/systems.ts'
import type { ExtentProps } from './extent-props.ts'

export function OptionsStep({ system, draft, onChange }: ExtentProps) {
  return (
    <>
      <TextInput
        label="Name"
        description="Empty: the system, the type and the time. No patient data."
        placeholder={`${system.name}-${draft.extent === 'everything' ? draft.type : draft.extent === 'some' ? 'entity' : 'masked'}-…`}
        autoComplete="off"
        maxLength={120}
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        description="Why it is made, for whoever looks for it later. No patient data."
        autosize
        minRows={2}
        maxLength={2000}
        value={draft.description}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
      <Compression level={draft.compressionLevel} onChange={(compressionLevel) => onChange({ compressionLevel })} />
      {draft.type !== 'database' &&
        system.roots.map(({ name, path }) => (
          <Stack gap={2} key={name}>
            <Textarea
              label={`Left out of ${name}, this time`}
              description={`Below ${path}; one pattern a line: * within a name, ** across names.`}
              autosize
              minRows={2}
              spellCheck={false}
              value={draft.exclusions[name] ?? ''}
              onChange={(event) => onChange({ exclusions: { ...draft.exclusions, [name]: event.currentTarget.value } })}
            />
            <Text size="sm" c="dimmed">
              {always(system, name)}
            </Text>
          </Stack>
        ))}
    </>
  )
}

function always({ settings }: SystemView, root: string): string {
  const patterns = settings.exclude[root] ?? []
  return patterns.length === 0 ? 'Nothing is always left out.' : `Always left out: ${patterns.join(', ')}`
}

function Compression({ level, onChange }: { readonly level: number; readonly onChange: (level: number) => void }) {
  const [isHigh, setIsHigh] = useState(level > 9)
  return (
    <Stack gap="xs">
      <Input.Wrapper
        label={`Compression: level ${level}`}
        description="zstd. 1 is the quickest and right for nearly all; higher levels take more processor time for somewhat less room."
        labelElement="div"
      >
        <Slider
          mt="sm"
          mb="lg"
          maw={480}
          min={1}
          max={isHigh ? 19 : 9}
          value={level}
          label={null}
          styles={{ markLabel: { color: 'var(--mantine-color-dimmed)' } }}
          thumbLabel="Compression level"
          marks={(isHigh ? [1, 9, 19] : [1, 3, 6, 9]).map((value) => ({ value, label: String(value) }))}
          onChange={onChange}
        />
      </Input.Wrapper>
      <Switch
        label="Levels up to 19: many times slower"
        checked={isHigh}
        onChange={(event) => {
          setIsHigh(event.currentTarget.checked)
          if (!event.currentTarget.checked) onChange(Math.min(level, 9))
        }}
      />
    </Stack>
  )
}
