/** Where a page begins and how long it is. */
export function boundsOf({ page, pageSize }: { readonly page: number; readonly pageSize: number }): {
  readonly limit: number
  readonly offset: number
} {
  return { limit: pageSize, offset: (page - 1) * pageSize }
}

/** One page of rows that are all at hand. */
export function pageIn<Row>(rows: readonly Row[], query: { readonly page: number; readonly pageSize: number }) {
  const { offset, limit } = boundsOf(query)
  return { rows: rows.slice(offset, offset + limit), total: rows.length, page: query.page, pageSize: query.pageSize }
}

/** For LIKE: what somebody typed, anywhere in the text, taken literally. */
export function anywhere(typed: string): string {
  return `%${typed.replace(/[\\%_]/g, '\\$&')}%`
}
