import { limits } from '#base/limits.ts'

export interface PasswordRule {
  readonly words: string
  readonly isKept: boolean
}

/** Those that can be looked at while somebody types; the service knows more of them, and decides. */
export function passwordRules(password: string, again: string, name: string): readonly PasswordRule[] {
  const text = password.normalize('NFKC')
  const least = limits.accountPasswordLengthMin
  const length = [...text].length
  return [
    { words: `${least} characters or more${length > 0 && length < least ? `, now ${length}` : ''}`, isKept: length >= least },
    ...(name.length >= 4
      ? [{ words: `without “${name}”, the name of the account`, isKept: length > 0 && !text.toLowerCase().includes(name.toLowerCase()) }]
      : []),
    { words: 'the same in both fields', isKept: length > 0 && password === again },
  ]
}

export function isGoodEnough(password: string, again: string, name: string): boolean {
  return passwordRules(password, again, name).every(({ isKept }) => isKept)
}
