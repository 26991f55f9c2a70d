import { useEffect, useState } from 'react'
import type { RecordWish } from '#contract/records.ts'

/** Where a record is handed to: the history of a system's records, or a restore from that backup. */
export interface RecordPlace {
  readonly page: 'history' | 'restore'
  /** Of the system, or of the backup. */
  readonly id: string
}

let handed: { readonly place: RecordPlace; readonly wish: RecordWish } | undefined

/**
 * What people know a patient by, on its way from one page to the next: in memory alone, and for that page. An address would be kept by the
 * browser, sent on, and written into the logs of whatever stands between.
 */
export function handRecord(place: RecordPlace, wish: RecordWish): void {
  handed = { place, wish }
}

/** What was handed to a page that was just opened, for as long as it stays open. It is handed once. */
export function useHandedRecord(page: RecordPlace['page']): { readonly id: string; readonly wish: RecordWish } | undefined {
  const [mine] = useState(() => (handed?.place.page === page ? { id: handed.place.id, wish: handed.wish } : undefined))
  useEffect(() => {
    handed = undefined
  }, [])
  return mine
}
