/** Where a page begins and how long it is. */
export function boundsOf({ page, pageSize }: { readonly page: number; readonly pageSize: number }): {
  readonly limit: number
  readonly offset: number
} {
  return { limit: pageSize, offset: (page - 1) * pageSize }
}

/** For LIKE: what somebody typed, anywhere in the text, taken literally. */
export function anywhere(typed: string): string {
  return `%${typed.replace(/[\\%_]/g, '\\$&')}%`
}
