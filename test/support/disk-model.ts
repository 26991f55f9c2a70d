import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { DiskStep } from './disk-trace.ts'
import type { Seed } from './seed.ts'

/**
 * A file system that promises nothing but what POSIX does, and loses the rest in a power cut:
 *
 * - The bytes of a file are on disk once it was fsynced. Of what was written since, nothing, all, a torn first part, or
 *   a tail of zeros may be.
 * - A name is on disk once its directory was fsynced; fsync of the file does not bring its name along. Of the names made,
 *   removed and moved since, any may be, in any order: a later one without an earlier one, too.
 * - A rename, and an exchange, is there as a whole or not at all, until one of its two directories is fsynced.
 * - syncfs makes all of it durable.
 *
 * Modes, owners and times are not part of it.
 */
export class DiskModel {
  readonly #root: string
  readonly #top: Directory
  readonly #byInode = new Map<number, File | Directory>()
  #pending: { readonly parts: NameChange[] }[] = []

  /** Begins with what stands below `root` now, as durable. */
  constructor(root: string) {
    this.#root = root
    this.#top = this.#scan(root) as Directory
  }

  play(step: DiskStep): void {
    switch (step.kind) {
      case 'create':
        return this.#change([this.#nameAt(step.path, this.#register(step.inode, new File(step.inode)))])
      case 'mkdir':
        return this.#change([this.#nameAt(step.path, this.#register(step.inode, new Directory(step.inode)))])
      case 'write':
        return this.#file(step.inode)?.write(step.offset, step.bytes)
      case 'truncate':
        return this.#file(step.inode)?.truncate(step.length)
      case 'sync':
        return this.#sync(this.#byInode.get(step.inode))
      case 'sync all':
        return this.#syncAll()
      case 'link':
        return this.#change([this.#nameAt(step.to, this.#at(step.from))])
      case 'unlink':
      case 'rmdir':
        return this.#change([this.#nameAt(step.path, null)])
      case 'rename':
        return this.#change([this.#nameAt(step.to, this.#at(step.from)), this.#nameAt(step.from, null)])
      case 'exchange':
        return this.#change([this.#nameAt(step.to, this.#at(step.from)), this.#nameAt(step.from, this.#at(step.to))])
      case 'said':
    }
  }

  /** What a power cut now leaves: nothing of what is not durable, everything, or whatever the seed says. */
  afterPowerCut(chance: 'nothing' | 'everything' | Seed): DiskImage {
    const names = new Map<Directory, Map<string, File | Directory>>()
    const namesOf = (directory: Directory) => {
      const known = names.get(directory) ?? new Map(directory.durable)
      names.set(directory, known)
      return known
    }
    for (const { parts } of this.#pending) {
      if (chance === 'nothing' || (chance !== 'everything' && chance.below(2) === 0)) continue
      for (const { directory, name, inode } of parts) setName(namesOf(directory), name, inode)
    }
    const contents = new Map<File, Buffer>()
    const contentOf = (file: File) => {
      const content = contents.get(file) ?? file.afterPowerCut(chance)
      contents.set(file, content)
      return content
    }
    return new DiskImage(this.#top, namesOf, contentOf)
  }

  #register<T extends File | Directory>(inode: number, made: T): T {
    // The number of a removed file may be given to the next one.
    this.#byInode.set(inode, made)
    return made
  }

  #scan(place: string): File | Directory {
    const found = lstatSync(place)
    if (!found.isDirectory()) {
      const file = this.#register(found.ino, new File(found.ino))
      file.durable = file.bytes = found.isFile() ? readFileSync(place) : Buffer.alloc(0)
      return file
    }
    const directory = this.#register(found.ino, new Directory(found.ino))
    for (const name of readdirSync(place)) setName(directory.durable, name, this.#scan(path.join(place, name)))
    directory.names = new Map(directory.durable)
    return directory
  }

  #file(inode: number): File | undefined {
    const found = this.#byInode.get(inode)
    return found instanceof File ? found : undefined
  }

  #at(place: string): File | Directory {
    let at: File | Directory | undefined = this.#top
    for (const name of path.relative(this.#root, place).split('/').filter(Boolean))
      at = at instanceof Directory ? at.names.get(name) : undefined
    assert.ok(at, `the model has ${place}`)
    return at
  }

  #nameAt(place: string, inode: File | Directory | null): NameChange {
    const directory = this.#at(path.dirname(place))
    assert.ok(directory instanceof Directory)
    return { directory, name: path.basename(place), inode }
  }

  #change(parts: NameChange[]): void {
    for (const { directory, name, inode } of parts) setName(directory.names, name, inode)
    this.#pending.push({ parts })
  }

  #sync(inode: File | Directory | undefined): void {
    if (inode instanceof File) inode.durable = inode.bytes
    if (!(inode instanceof Directory)) return
    for (const { parts } of this.#pending) {
      for (const part of parts.filter(({ directory }) => directory === inode)) {
        setName(inode.durable, part.name, part.inode)
        parts.splice(parts.indexOf(part), 1)
      }
    }
    this.#pending = this.#pending.filter(({ parts }) => parts.length > 0)
  }

  #syncAll(): void {
    for (const inode of this.#byInode.values()) this.#sync(inode)
    for (const { parts } of this.#pending) for (const { directory, name, inode } of parts) setName(directory.durable, name, inode)
    this.#pending = []
  }
}

interface NameChange {
  readonly directory: Directory
  readonly name: string
  readonly inode: File | Directory | null
}

function setName(names: Map<string, File | Directory>, name: string, inode: File | Directory | null): void {
  if (inode) names.set(name, inode)
  else names.delete(name)
}

class Directory {
  readonly inode: number
  readonly durable = new Map<string, File | Directory>()
  names = new Map<string, File | Directory>()

  constructor(inode: number) {
    this.inode = inode
  }
}

class File {
  readonly inode: number
  bytes = Buffer.alloc(0)
  durable = Buffer.alloc(0)

  constructor(inode: number) {
    this.inode = inode
  }

  write(offset: number, bytes: Buffer): void {
    const grown = Buffer.alloc(Math.max(this.bytes.length, offset + bytes.length))
    this.bytes.copy(grown)
    bytes.copy(grown, offset)
    this.bytes = grown
  }

  truncate(length: number): void {
    const cut = Buffer.alloc(length)
    this.bytes.copy(cut)
    this.bytes = cut
  }

  afterPowerCut(chance: 'nothing' | 'everything' | Seed): Buffer {
    if (chance === 'nothing' || this.bytes === this.durable) return this.durable
    if (chance === 'everything') return this.bytes
    const torn = chance.below(this.bytes.length + 1)
    return chance.oneOf([
      () => this.durable,
      () => this.bytes,
      () => this.bytes.subarray(0, torn),
      () => Buffer.concat([this.bytes.subarray(0, torn), Buffer.alloc(this.bytes.length - torn)]),
    ])()
  }
}

/** A directory tree as a power cut leaves it. */
export class DiskImage {
  readonly #top: Directory
  readonly #namesOf: (directory: Directory) => ReadonlyMap<string, File | Directory>
  readonly #contentOf: (file: File) => Buffer

  constructor(top: Directory, namesOf: (directory: Directory) => ReadonlyMap<string, File | Directory>, contentOf: (file: File) => Buffer) {
    this.#top = top
    this.#namesOf = namesOf
    this.#contentOf = contentOf
  }

  /** Two images with the same digest are the same tree. */
  get digest(): string {
    const hash = createHash('sha256')
    const add = (directory: Directory, at: string) => {
      for (const [name, inode] of [...this.#namesOf(directory)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(JSON.stringify([at, name, inode.inode, inode instanceof File ? this.#contentOf(inode).toString('latin1') : null]))
        if (inode instanceof Directory) add(inode, `${at}/${name}`)
      }
    }
    add(this.#top, '')
    return hash.digest('hex')
  }

  /** Makes it real in an empty directory. Returns which real inode stands for which traced one. */
  writeTo(place: string): ReadonlyMap<number, number> {
    const inodes = new Map<number, number>()
    const write = (directory: Directory, at: string) => {
      mkdirSync(at, { recursive: true })
      inodes.set(directory.inode, lstatSync(at).ino)
      for (const [name, inode] of this.#namesOf(directory)) {
        const below = path.join(at, name)
        if (inode instanceof Directory) write(inode, below)
        else writeFileSync(below, this.#contentOf(inode))
      }
    }
    write(this.#top, place)
    return inodes
  }
}
