import type { HttpHook } from '#base/settings.ts'

/** `Name: value` a line; `@/path` for what stands in a file. */
export function headersOf(text: string): HttpHook['headers'] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(':')
      const value = rest.join(':').trim()
      return [name.trim(), value.startsWith('@/') ? { file: value.slice(1) } : value]
    }),
  )
}

export function printHeaders(headers: HttpHook['headers']): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : `@${value.file}`}`)
    .join('\n')
}
