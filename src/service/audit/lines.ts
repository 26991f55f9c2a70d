import { Fault } from '#base/fault.ts'

/** The lines of a stream, one at a time. INPUT_INVALID for one that is longer than any of ours. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, lineBytesMax: number): AsyncIterable<string> {
  let parts: Uint8Array[] = []
  let bytes = 0
  const assertShort = () => {
    if (bytes > lineBytesMax) throw new Fault('INPUT_INVALID', `a line is longer than ${lineBytesMax} bytes`, { lineBytesMax })
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      bytes += end - from
      assertShort()
      yield Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8')
      parts = []
      bytes = 0
      from = end + 1
    }
    const rest = chunk.subarray(from)
    bytes += rest.byteLength
    assertShort()
    if (rest.byteLength > 0) parts.push(rest)
  }
  if (bytes > 0) yield Buffer.concat(parts).toString('utf8')
}

const newline = 0x0a
