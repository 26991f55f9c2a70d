import { ShownOnce } from '#ui/parts/shown-once.tsx'

interface RecoveryCodesProps {
  readonly codes: readonly string[]
  readonly name: string
  readonly onDone: () => void
}

export function RecoveryCodes({ codes, name, onDone }: RecoveryCodesProps) {
  return (
    <ShownOnce
      what={`Recovery codes of ${name}`}
      lines={codes}
      fileName={`integrum-recovery-codes-${name}.txt`}
      canPrint
      saved="I have saved these codes, apart from my authenticator"
      onDone={onDone}
    >
      Each lets you in once when the authenticator is lost. They do not sign. Codes from before are good for nothing any more.
    </ShownOnce>
  )
}
