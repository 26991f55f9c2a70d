import { z } from 'zod'

/** What is wrong with an input, for whoever filled it in. Schemas that say it in words of their own keep them. */
export function speakPlainly(): void {
  z.config({ customError: wordsOfIssue })
}

export function wordsOfIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined || issue.input === null || issue.input === '' ? 'this is needed' : wantedWords[issue.expected]
    case 'too_small':
      if (issue.origin === 'string') return Number(issue.minimum) <= 1 ? 'this is needed' : `at least ${issue.minimum} characters`
      if (issue.origin === 'array') return Number(issue.minimum) <= 1 ? 'choose at least one' : `choose at least ${issue.minimum}`
      return `${issue.minimum} is the least`
    case 'too_big':
      return issue.origin === 'string' ? `at most ${issue.maximum} characters` : `${issue.maximum} is the most`
    case 'invalid_format':
      return formatWords[issue.format]
    default:
      return undefined
  }
}

const wantedWords: Readonly<Record<string, string>> = { number: 'a number is needed', int: 'a whole number is needed' }

const formatWords: Readonly<Record<string, string>> = {
  email: 'an address such as anna@example.org',
  url: 'a full address such as https://example.org',
}
