import { randomBytes } from 'node:crypto'
const m = await import('#test/support/small-repository.ts'); console.log('b')
const r = await m.smallRepository(); console.log('c')
const o = await r.open(); console.log('d')
await m.store(o, {a: 'hello', b: randomBytes(3_000_000)}); console.log('e')
await m.store(o, {a: 'hello', c: 'x'.repeat(100_000)}); console.log('e')
await m.store(o, {a: 'hello', d: {c: 'y'.repeat(100_000)}}); console.log('e')
await o[Symbol.asyncDispose](); console.log('f')
