import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { isHexId, type BlobId } from '#base/ids.ts'
import { parseJson, parseValue } from '#base/parse.ts'
import { byteString, bytesOf, type ByteString } from '#engine/byte-string.ts'
import type { ExtendedAttribute, NodeType, TreeNode } from '#engine/tree-node.ts'
import { goQuote, goString, goTime, goUnquote, parseGoTime } from './go-json.ts'

/**
 * A tree blob (design.rst "Trees and Data"): nodes in byte order of their names, fields in the order of restic's own
 * struct, a newline at the end, so that restic writes and hashes the same listing alike.
 */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const sorted = nodes.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const [at, node] of sorted.entries()) {
    if (at > 0 && node.name === sorted[at - 1]!.name) throw new Fault('INPUT_INVALID', 'a directory has the same name twice')
  }
  return Buffer.from(`{"nodes":[${sorted.map(encodeNode).join(',')}]}\n`, 'utf8')
}

/** DAMAGE_TREE when the bytes are no tree, or a name in it could not be one entry of a directory. */
export function decodeTree(bytes: Uint8Array, id: BlobId): TreeNode[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  // Numbers up to 2^64 lose digits as JSON numbers: long ones are quoted first. No string can hold a bare `"inode":`.
  const quoted = text.replace(/"(inode|device_id|device)":(\d{16,})/g, '"$1":"$2"')
  const what = `tree ${id.slice(0, 8)}`
  const value = parseJson(quoted, what, 'DAMAGE_TREE')
  const { nodes: found } = parseValue(treeSchema, value, what, 'DAMAGE_TREE')
  const nodes = (found ?? []).map((node, at) => decodeNode(fieldsOf(node, `${what}, node ${at}`), what))
  // The second of two entries with one name would be written over, or through, the first.
  if (new Set(nodes.map(({ name }) => name)).size < nodes.length) throw new Fault('DAMAGE_TREE', `${what} has the same name twice`)
  return nodes
}

function encodeNode(node: TreeNode): string {
  let json = `{"name":${goString(goQuote(node.name))},"type":"${node.type}"`
  const mode = goMode(node)
  if (mode !== 0) json += `,"mode":${mode}`
  json += `,"mtime":"${goTime(node.mtimeNs)}","atime":"${goTime(node.atimeNs)}","ctime":"${goTime(node.ctimeNs)}"`
  json += `,"uid":${node.uid},"gid":${node.gid}`
  if (node.user) json += `,"user":${goString(node.user)}`
  if (node.group) json += `,"group":${goString(node.group)}`
  if (node.inode) json += `,"inode":${node.inode}`
  if (node.deviceId) json += `,"device_id":${node.deviceId}`
  if (node.sizeBytes) json += `,"size":${node.sizeBytes}`
  if (node.links) json += `,"links":${node.links}`
  if (node.linkTarget) json += encodeLinkTarget(node.linkTarget)
  if (node.xattrs?.length) json += `,"extended_attributes":[${node.xattrs.map(encodeAttribute).join(',')}]`
  if (node.device) json += `,"device":${node.device}`
  json += node.content ? `,"content":[${node.content.map((id) => `"${id}"`).join(',')}]` : ',"content":null'
  if (node.subtree) json += `,"subtree":"${node.subtree}"`
  // Ours, last; restic ignores fields that it does not know.
  if (node.holes?.length) json += `,"integrum_holes":[${node.holes.map(([offset, length]) => `[${offset},${length}]`).join(',')}]`
  return `${json}}`
}

function encodeLinkTarget(target: ByteString): string {
  const bytes = bytesOf(target)
  const text = bytes.toString('utf8')
  // Like Go, a target that is no UTF-8 has its wrong bytes replaced; the raw bytes beside it win when it is read.
  const isText = Buffer.from(text, 'utf8').equals(bytes)
  return `,"linktarget":${goString(text)}${isText ? '' : `,"linktarget_raw":"${bytes.toString('base64')}"`}`
}

function encodeAttribute(attribute: ExtendedAttribute): string {
  const value = Buffer.from(attribute.value).toString('base64')
  return `{"name":${goString(bytesOf(attribute.name).toString('utf8'))},"value":"${value}"}`
}

// Go's os.FileMode: the permission bits as in POSIX, everything else at bits of its own.
const goSetuid = 2 ** 23
const goSetgid = 2 ** 22
const goSticky = 2 ** 20
const goTypeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
}

function goMode(node: TreeNode): number {
  let mode = (node.mode & 0o777) + goTypeBits[node.type]
  if (node.mode & 0o4000) mode += goSetuid
  if (node.mode & 0o2000) mode += goSetgid
  if (node.mode & 0o1000) mode += goSticky
  return mode
}

function posixMode(goBits: number): number {
  const has = (bit: number) => Math.floor(goBits / bit) % 2 === 1
  return (goBits & 0o777) | (has(goSetuid) ? 0o4000 : 0) | (has(goSetgid) ? 0o2000 : 0) | (has(goSticky) ? 0o1000 : 0)
}

/** A node as JSON has it. restic leaves out what is empty. */
interface NodeFields {
  readonly name: string
  readonly type: NodeType
  readonly mode?: number | undefined
  readonly mtime: string
  readonly atime: string
  readonly ctime: string
  readonly uid: number
  readonly gid: number
  readonly user?: string | undefined
  readonly group?: string | undefined
  readonly inode?: number | string | undefined
  readonly device_id?: number | string | undefined
  readonly size?: number | undefined
  readonly links?: number | undefined
  readonly linktarget?: string | undefined
  readonly linktarget_raw?: string | null | undefined
  readonly extended_attributes?: readonly { readonly name: string; readonly value: string | null }[] | null | undefined
  readonly device?: number | string | undefined
  readonly content?: readonly BlobId[] | null | undefined
  readonly subtree?: BlobId | null | undefined
  readonly integrum_holes?: readonly (readonly [number, number])[] | null | undefined
}

const size = z.number().int().min(0)
const wide = z.union([size, z.string().regex(/^\d+$/)]).optional()
const blobId = z.custom<BlobId>((value) => typeof value === 'string' && isHexId(value), 'no id of a blob')
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
const nodeSchema: z.ZodType<NodeFields> = z.object({
  name: z.string(),
  type: z.enum(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']),
  mode: size.optional(),
  mtime: z.string(),
  atime: z.string(),
  ctime: z.string(),
  uid: size,
  gid: size,
  user: z.string().optional(),
  group: z.string().optional(),
  inode: wide,
  device_id: wide,
  size: size.optional(),
  links: size.optional(),
  linktarget: z.string().optional(),
  linktarget_raw: base64.nullish(),
  extended_attributes: z.array(z.object({ name: z.string(), value: base64.nullable() })).nullish(),
  device: wide,
  content: z.array(blobId).nullish(),
  subtree: blobId.nullish(),
  integrum_holes: z.array(z.tuple([size, size])).nullish(),
})
const treeSchema = z.object({ nodes: z.array(z.unknown()).nullable() })

/** The schema takes longer than all the rest of reading a tree, so it judges only what is not plainly right. */
function fieldsOf(node: unknown, what: string): NodeFields {
  return isPlainNode(node) ? node : parseValue(nodeSchema, node, what, 'DAMAGE_TREE')
}

/** True only for what the schema accepts as well: files and directories without anything rare. */
function isPlainNode(value: unknown): value is NodeFields {
  if (typeof value !== 'object' || value === null) return false
  const node = value as Readonly<Record<string, unknown>>
  return (
    (node.type === 'file' || node.type === 'dir') &&
    isText(node.name) &&
    isText(node.mtime) &&
    isText(node.atime) &&
    isText(node.ctime) &&
    isSize(node.uid) &&
    isSize(node.gid) &&
    (node.mode === undefined || isSize(node.mode)) &&
    (node.size === undefined || isSize(node.size)) &&
    (node.links === undefined || isSize(node.links)) &&
    (node.user === undefined || isText(node.user)) &&
    (node.group === undefined || isText(node.group)) &&
    isWide(node.inode) &&
    isWide(node.device_id) &&
    (node.content === undefined || node.content === null || (Array.isArray(node.content) && node.content.every(isBlobId))) &&
    (node.subtree === undefined || isBlobId(node.subtree)) &&
    node.linktarget === undefined &&
    node.linktarget_raw === undefined &&
    node.extended_attributes === undefined &&
    node.device === undefined &&
    node.integrum_holes === undefined
  )
}

const isText = (value: unknown) => typeof value === 'string'
const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isWide = (value: unknown) => value === undefined || isSize(value) || (typeof value === 'string' && /^\d+$/.test(value))
const isBlobId = (value: unknown) => typeof value === 'string' && isHexId(value)

function decodeNode(fields: NodeFields, what: string): TreeNode {
  const name = goUnquote(fields.name)
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new Fault('DAMAGE_TREE', `${what} has an entry whose name is no name of a file`, { name: fields.name })
  }
  const time = (text: string) => {
    const ns = parseGoTime(text)
    if (ns === undefined) throw new Fault('DAMAGE_TREE', `${what} has a time that is none`, { time: text })
    return ns
  }
  const device = BigInt(fields.device ?? 0)
  return {
    name,
    type: fields.type,
    mode: posixMode(fields.mode ?? 0),
    mtimeNs: time(fields.mtime),
    atimeNs: time(fields.atime),
    ctimeNs: time(fields.ctime),
    uid: fields.uid,
    gid: fields.gid,
    user: fields.user ?? '',
    group: fields.group ?? '',
    inode: BigInt(fields.inode ?? 0),
    deviceId: BigInt(fields.device_id ?? 0),
    sizeBytes: fields.size ?? 0,
    links: fields.links ?? 0,
    ...(fields.type === 'symlink' && { linkTarget: linkTargetOf(fields) }),
    ...(device !== 0n && { device }),
    ...(fields.extended_attributes?.length && { xattrs: fields.extended_attributes.map(decodeAttribute) }),
    ...(fields.integrum_holes?.length && { holes: fields.integrum_holes }),
    ...(fields.content && { content: fields.content }),
    ...(fields.subtree && { subtree: fields.subtree }),
  }
}

function linkTargetOf(fields: NodeFields): ByteString {
  return byteString(fields.linktarget_raw ? Buffer.from(fields.linktarget_raw, 'base64') : Buffer.from(fields.linktarget ?? '', 'utf8'))
}

function decodeAttribute(fields: { name: string; value: string | null }): ExtendedAttribute {
  return { name: byteString(Buffer.from(fields.name, 'utf8')), value: Buffer.from(fields.value ?? '', 'base64') }
}
