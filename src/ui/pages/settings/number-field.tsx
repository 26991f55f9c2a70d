import { NumberInput } from '@mantine/core'

interface NumberFieldProps {
  readonly label: string
  readonly description?: string
  readonly suffix: string
  readonly min: number
  readonly max: number
  readonly value: number | string
  readonly onChange: (value: number | string) => void
}

/** A whole number with its unit; what is no number yet is left as it is typed. */
export function NumberField({ label, description, suffix, min, max, value, onChange }: NumberFieldProps) {
  const isGood = isWithin(value, min, max)
  return (
    <NumberInput
      label={label}
      description={description}
      suffix={` ${suffix}`}
      min={min}
      max={max}
      allowDecimal={false}
      allowNegative={false}
      clampBehavior="none"
      w={280}
      maw="100%"
      required
      error={isGood ? undefined : `From ${min} to ${max}`}
      value={value}
      onChange={onChange}
    />
  )
}

export function isWithin(value: number | string, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}
