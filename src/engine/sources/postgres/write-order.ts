/** Who names whom: a row of `child` can stand only while the row of `parent` does. */
export interface OrderEdge {
  readonly child: number
  readonly parent: number
}

/**
 * Groups of tables, parents before children (Tarjan, "Depth-first search and linear graph algorithms", 1972). Tables of one group name
 * each other in a circle: their rows are written by one statement, at whose end the server looks at foreign keys.
 */
export function writeOrder(tables: readonly number[], edges: readonly OrderEdge[]): number[][] {
  const parentsOf = new Map(tables.map((table) => [table, new Set<number>()]))
  for (const { child, parent } of edges) if (child !== parent && parentsOf.has(parent)) parentsOf.get(child)?.add(parent)
  const groups: number[][] = []
  const index = new Map<number, number>()
  const low = new Map<number, number>()
  const stack: number[] = []
  const visit = (table: number): void => {
    index.set(table, index.size)
    low.set(table, index.get(table)!)
    stack.push(table)
    for (const parent of parentsOf.get(table)!) {
      if (!index.has(parent)) {
        visit(parent)
        low.set(table, Math.min(low.get(table)!, low.get(parent)!))
      } else if (stack.includes(parent)) low.set(table, Math.min(low.get(table)!, index.get(parent)!))
    }
    if (low.get(table) === index.get(table)) groups.push(stack.splice(stack.indexOf(table)))
  }
  for (const table of tables) if (!index.has(table)) visit(table)
  return groups
}
