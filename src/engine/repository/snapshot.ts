import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { isHexId, type BlobId, type SnapshotId } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { goString, parseGoTime } from './go-json.ts'
import type { NewSnapshot, Snapshot } from './repository.ts'

/** design.rst "Snapshots". */
export function encodeSnapshot(snapshot: NewSnapshot & { readonly uid: number; readonly gid: number }): string {
  const list = (texts: readonly string[]) => `[${texts.map(goString).join(',')}]`
  let json = `{"time":"${snapshot.time.toISOString()}"`
  if (snapshot.parent) json += `,"parent":"${snapshot.parent}"`
  json += `,"tree":"${snapshot.tree}","paths":${list(snapshot.paths)}`
  json += `,"hostname":${goString(snapshot.hostname)},"username":${goString(snapshot.username)}`
  if (snapshot.uid) json += `,"uid":${snapshot.uid}`
  if (snapshot.gid) json += `,"gid":${snapshot.gid}`
  if (snapshot.tags.length) json += `,"tags":${list(snapshot.tags)}`
  return `${json}}`
}

const schema = z.object({
  time: z.string(),
  parent: z.custom<SnapshotId>((value) => typeof value === 'string' && isHexId(value)).nullish(),
  tree: z.custom<BlobId>((value) => typeof value === 'string' && isHexId(value), 'no id of a tree'),
  paths: z.array(z.string()).nullish(),
  hostname: z.string().default(''),
  username: z.string().default(''),
  uid: z.number().int().default(0),
  gid: z.number().int().default(0),
  tags: z.array(z.string()).nullish(),
})

export function decodeSnapshot(json: string, id: SnapshotId): Snapshot {
  const fields = parse(schema, json, `snapshot ${id.slice(0, 8)}`, 'DAMAGE_SNAPSHOT')
  const ns = parseGoTime(fields.time)
  if (ns === undefined) throw new Fault('DAMAGE_SNAPSHOT', `snapshot ${id.slice(0, 8)} has a time that is none`, { snapshot: id })
  return {
    id,
    time: new Date(Number(ns / 1_000_000n)),
    tree: fields.tree,
    paths: fields.paths ?? [],
    hostname: fields.hostname,
    username: fields.username,
    tags: fields.tags ?? [],
    uid: fields.uid,
    gid: fields.gid,
    ...(fields.parent && { parent: fields.parent }),
  }
}
