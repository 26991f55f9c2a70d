/** What of a file is asked for (RFC 9110 §14). Whatever is not understood, or asks for several parts, is answered with all of it. */
export type Range =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; /** Included. */ readonly to: number }
  | { readonly kind: 'unsatisfiable' }

export function rangeOf(header: string | undefined, sizeBytes: number): Range {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(header?.replaceAll(/\s/g, '') ?? '') ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') {
    const count = Math.min(Number(last), sizeBytes)
    return count === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', from: sizeBytes - count, to: sizeBytes - 1 }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return { kind: 'whole' }
  if (from >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', from, to: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) }
}

/** `If-None-Match` and its like: a list of tags, or `*`. */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag)
}

/** `attachment` with the name for those who read UTF-8, and one in plain letters for the rest (RFC 6266). */
export function attachmentNamed(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, '_')
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
