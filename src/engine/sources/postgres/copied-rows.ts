import { changeOf, mappedOf } from './choose-changes.ts'
import { hasKey, keyPlaces, rowText, sameKey, touchedKey, type RowImages } from './row-images.ts'

/**
 * The rows of a change set as its file has them: action, before, after, and without a key `n`. Of a copy the action is `copy`, and before it stands the key of the row
 * that it is a copy of.
 */
export function changeRowsSql(images: RowImages, isCopied: boolean): string {
  const sides = (side: 'a' | 'b') => images.columns.map((_column, place) => `change.${side}${place}`)
  if (!hasKey(images)) {
    const all = [...sides('b'), ...sides('a')]
    return `SELECT change.action, ${all.join(', ')}, change.n FROM ${changeOf(images)} AS change ORDER BY ${rowText(all)}, change.n`
  }
  const keyAt = keyPlaces(images)
  const order = `ORDER BY ${touchedKey(images).join(', ')}`
  if (!isCopied) return `SELECT change.action, ${[...sides('b'), ...sides('a')].join(', ')} FROM ${changeOf(images)} AS change ${order}`
  const before = sides('b').map((value, place) =>
    keyAt.includes(place) ? `CASE WHEN mapped.at IS NULL THEN ${value} ELSE mapped.o${place} END` : value,
  )
  const isCopy = sameKey(
    images,
    (place) => `mapped.n${keyAt[place]!}`,
    (place) => `change.a${keyAt[place]!}`,
  )
  return `SELECT CASE WHEN mapped.at IS NULL THEN change.action ELSE 'copy' END, ${[...before, ...sides('a')].join(', ')}
    FROM ${changeOf(images)} AS change
      LEFT JOIN ${mappedOf(images)} AS mapped ON change.action OPERATOR(pg_catalog.=) 'insert' AND mapped.is_copy AND ${isCopy} ${order}`
}

/** To whoever writes them copies are rows that are new. `side`: where the file's first half, the state before, was read to. */
export function copiesAsInsertsSql(images: RowImages, side: 'a' | 'b'): string {
  const nothing = keyPlaces(images).map((place) => `${side}${place} = NULL`)
  return `UPDATE ${changeOf(images)} SET action = 'insert', ${nothing.join(', ')} WHERE action OPERATOR(pg_catalog.=) 'copy'`
}
