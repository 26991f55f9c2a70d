/** Of the ten newest: asked for once, also by whoever only counts. */
export const recentQuery = { pageSize: 10 } as const
