/** The same question for the page and for the number beside it in the menu: asked once. */
export const waitingQuery = { waitsForApproval: 'true', pageSize: 50 } as const
