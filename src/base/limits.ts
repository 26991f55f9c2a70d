import { GiB, KiB, MiB, durations } from './units.ts'

/** Every bound of the product in one place. Sizes in bytes, durations in milliseconds. */
export const limits = {
  /** Content-defined chunks (DESIGN §3). */
  chunkSizeBytesMin: 512 * KiB,
  chunkSizeBytesMean: 1 * MiB,
  chunkSizeBytesMax: 8 * MiB,
  /** Of the rows of databases: a table grows at its end, and the last chunk is stored anew each day. */
  fineChunkSizeBytesMin: 128 * KiB,
  fineChunkSizeBytesMean: 256 * KiB,
  /** A pack is closed before a blob that would make it larger than this. */
  packSizeBytesTarget: 16 * MiB,
  packSizeBytesMax: 128 * MiB,
  /** So that a pack of tiny files, and what is known of it on its way, takes little memory. */
  packBlobsMax: 8_192,
  /** restic's own bound for one index file is 50,000 blobs. */
  indexBlobsMax: 50_000,
  /** Threads that seal or open blobs, beside the main one. */
  threads: 2,
  /** Packs in the making and on their way to the storage, each of the target size. */
  packBuffers: 4,
  /** Streams that bytes come from at the same moment while writing, and the memory that each flows through. */
  writeLanes: 4,
  writeLaneBytes: 10 * MiB,
  /** Content smaller than this is hashed without a thread. */
  hashInlineBytesMax: 64 * KiB,
  /** Files up to this go together: many are one job of a thread. Below the smallest chunk, so that each is one blob. */
  smallBytesMax: 256 * KiB,
  /** Small files on their way to a thread: so many batches, each of so many bytes. */
  smallBatches: 8,
  smallBatchBytes: 512 * KiB,
  /** Trees are packed apart from data, in packs of this size. */
  treePackSizeBytes: 4 * MiB,
  /** Plain bytes that all streams of a repository fetch ahead together; each may have one run more. */
  readAheadBytesMax: 24 * MiB,
  readAheadRunsMax: 8,
  /** Blobs side by side in a pack are fetched together up to this much plain content. */
  readRunBytesMax: 2 * MiB,
  /** The same for what threads write to files: only the sealed bytes are in memory, of so many runs at once. */
  fillRunBytesMax: 4 * MiB,
  fillRunsMax: 6,
  /** Blobs up to this size are fetched with their neighbours and opened many at a time. */
  readInlineBytesMax: 128 * KiB,
  readBatchBlobsMax: 64,
  /** Turns of the event loop that small files wait for others, where nobody waits for them: the way to a thread costs as much as ten of them. */
  batchTurns: 8,
  /** Small blobs that are opened without a thread before it is worth to start them. */
  openedBeforeThreads: 4_000,
  /** Listings that a walk reads ahead. */
  treesAheadMax: 64,
  treesAheadBytesMax: 2 * MiB,
  readWindowBytes: 1 * MiB,
  readWindows: 12,
  /** Up to so many packs are asked for one by one; for more, listing all is cheaper. */
  packsLookedAtSingly: 200,
  /** Times of files tick every 1 to 10 ms: what was changed within as much of the present may change without showing it. */
  kernelTickMs: 20,
  /** What is remembered of the directories of one root, read and held as a whole. */
  filesCacheBytesMax: 48 * MiB,
  /** A root that stays as it is for longer is gone through once more, and remembered anew. */
  filesCacheKeptMs: 180 * durations.day,
  /** Snapshots are small and may be many. */
  snapshotsReadAtOnce: 16,
  /** Index files may have a few MiB each. */
  indexesReadAtOnce: 8,
  /** Refuses a JSON document of the repository larger than this before parsing it. */
  documentSizeBytesMax: 256 * MiB,
  /** Refuses a key file whose scrypt parameters ask for more. */
  scryptMemoryBytesMax: 1024 * MiB,
  /** SAFETY rule 26: by storage time, never by process id. */
  lockStaleAfterMs: 30 * durations.minute,
  lockRefreshEveryMs: 5 * durations.minute,
  /** SAFETY rule 26: marked packs are deleted only after the longest job must have ended. */
  pruneGraceMs: 24 * durations.hour,
  /** A report names so many things that are wrong, and counts all. */
  checkFindingsMax: 1_000,
  checkMissingBlobsMax: 100_000,
  /** A repair plan names so many things that are lost of each backup, and counts all. */
  repairLossesMax: 1_000,
  /** Packs held in memory while every byte is read. */
  checkBytesMax: 72 * MiB,
  /** Read from the end of a pack first: the header of most packs is within. */
  packTailBytes: 16 * KiB,
  /** A pack is written anew when more than this share of it is needed by nobody. */
  pruneWasteShareMax: 0.25,
  /** A backup dated later than this from now is dated in the future; clocks that differ by more stop deleting (SAFETY rule 29). */
  clockToleranceMs: 10 * durations.minute,
  /** The newest file of a repository may be a week and half a day old; an older one means that the clock may have jumped ahead. */
  clockJumpMsMax: 180 * durations.hour,
  /** Marks of trusted time that starts of machines have left stay so long. */
  clockMarksKeepMs: 60 * durations.day,
  /** SAFETY rule 12: kept this long, undo window included, whatever the retention says. */
  safetyBackupKeepMs: 8 * durations.day,
  /** So long a safety backup stays after its restore can no longer be undone. */
  afterUndoKeepMs: 3 * durations.day,
  /** A backup with gaps, damage or an anomaly stays so long, for somebody to look at. */
  flawedKeepMs: 14 * durations.day,
  /** More removals of a system at once than this, or more than this many that are more than this share, are signed. */
  removalsAtOnceMax: 200,
  removalsUnsuspicious: 10,
  removalsShareMax: 0.5,
  /** Calls of a storage that may succeed later; the waits between them double up to the largest. */
  storageAttempts: 6,
  storageRetryDelayMs: 250,
  storageRetryDelayMsMax: 30 * durations.second,
  /** A call without an answer for so long is given up; a pack of 16 MiB has then come at 55 kB/s. */
  storageTimeoutMs: 5 * durations.minute,
  /** SAFETY rule 14: a snapshot older than this holds VACUUM back for too long. */
  snapshotAgeMsMax: 4 * durations.hour,
  /** SAFETY rule 13. */
  lockWaitMsMax: 5 * durations.second,
  /** A capture begins anew when tables were locked or changed while it began. */
  captureAttempts: 3,
  captureRetryDelayMs: 2 * durations.second,
  /** Heap pages in one COPY segment: 4,096 pages of 8 KiB are 32 MiB of heap, small enough to keep every session busy. */
  segmentPages: 4_096,
  /** Kept of a dump while it passes, to print its definitions: the table of contents of 20,000 tables. */
  dumpHeadBytesMax: 32 * MiB,
  /** Buffers handed between modules are about this large. */
  streamBufferBytes: 256 * KiB,
  undoWindowMs: 24 * durations.hour,
  /** SAFETY rule 22: 1 × database + 1 × WAL + this share. */
  stagingSpaceMargin: 0.2,
  /** SAFETY rule 22: a staging is dropped when a disk of the live server has less left than this. */
  stagingFreeBytesMin: 1 * GiB,
  stagingWatchEveryMs: 2 * durations.second,
  /** For building indexes while staging: this, or an eighth of the memory of the server's own machine. */
  maintenanceMemoryBytesMax: 1 * GiB,
  /** Sessions that were told to end must be gone by then, or the fence is lifted again. */
  fenceTimeoutMs: 30 * durations.second,
  /** A rename waits 5 s for sessions to leave (CountOtherDBBackends), then fails with 55006 and is tried again. */
  renameAttemptsMax: 6,
  fileReadAttempts: 3,
  /** A field that is longer is known by its hash alone where rows are looked for in stored COPY text. */
  copyCellBytesMax: 16 * KiB,
  /** A row up to this length is looked at whole, a longer one field by field. */
  copyRowBytesMax: 1 * MiB,
  /** What the history of one record keeps of its rows in memory, as they ever were. */
  historyBytesMax: 96 * MiB,
  historyRowsShownMax: 1_000,
  /** Of the rows in one answer of the service. */
  historyReplyBytesMax: 8 * MiB,
  /** What an archive that is imported may hold: entries, logical bytes, length of a path and of a name in it. */
  archiveEntriesMax: 20_000_000,
  archiveBytesMax: 16 * 1024 * GiB,
  archivePathBytesMax: 16 * KiB,
  archiveNameBytesMax: 255,
  /** Bytes that come out for each that goes in, looked at from so many bytes on. */
  archiveRatioMax: 1_000,
  archiveRatioFromBytes: 1 * GiB,
  /** An extended header of a tar: names, times, and extended attributes of 64 KiB each. */
  archiveHeaderBytesMax: 4 * MiB,
  /** Content that a tar's reader takes into memory, so that several files are stored at once. */
  archiveInlineBytesMax: 128 * KiB,
  /** One statement of a dump, rows aside. */
  dumpStatementBytesMax: 64 * MiB,
  dumpStatementMsMax: 6 * durations.hour,
  passwordLengthMin: 1,
  /** A worker tells its jobs so often that it lives; they end when they hear nothing for so long. */
  jobAliveEveryMs: 2 * durations.second,
  /** With two looks at it still below the ten seconds after which the job is handed to another worker. */
  jobSilenceMsMax: 5 * durations.second,
  jobProgressEveryMs: 250,
  /** From the wish that a job ends to its being killed. */
  jobGraceMs: 15 * durations.second,
  jobHeapBytesMax: 1 * GiB,
  /** After the last job, and after the start: then a process is made ready for the next one. */
  spareAfterMs: 1 * durations.second,
  /** Archives that wait to be fetched, and uploads that wait for their job. */
  spoolKeepMs: 24 * durations.hour,
  /** Of all archives that wait: beyond this the oldest go. */
  spoolBytesMax: 256 * GiB,
  /** Left free beside what is spooled: the catalog may lie on the same disk. */
  spoolReserveBytes: 1 * GiB,
  /** What is looked at of a system's files to say how large they are, when no backup tells. */
  estimateEntriesMax: 200_000,
  estimateMsMax: 5 * durations.second,
  /** How often a made-up name gets another number before it is given up. */
  nameTriesMax: 1_000,
  jobReportEveryMs: 1 * durations.second,
  jobLineLengthMax: 4_000,
  /** Lines of a log that wait for the catalog; the oldest go first. */
  jobLinesWaitingMax: 1_000,
  /** After the first attempt, and the pause before each. */
  jobRetriesMax: 3,
  jobRetryPausesMs: [5 * durations.second, 20 * durations.second, durations.minute],
  /** Jobs of different lanes at the same moment, of one worker. */
  jobsAtOnce: 2,
  /** A worker beside the service ends when its catalog has not answered for so long. */
  catalogSilenceMsMax: durations.minute,
  /** Between two statements of one transaction; below the time after which a job is handed to another worker. */
  catalogIdleMsMax: 8 * durations.second,
  catalogLookEveryMs: 5 * durations.second,
  /** Of one request to the service, uploads apart. */
  requestBytesMax: 1 * MiB,
  /** From one address in a minute; signing in has a bound of its own. */
  requestsPerMinuteMax: 30_000,
  signInsPerMinuteMax: 10,
  /** So many refused sign-ins within so long, of an account or from an address, are told; after so long without more it is over. */
  signInBurstLeast: 5,
  signInBurstMs: durations.minute,
  signInQuietMs: durations.hour,
  passwordLengthMax: 256,
  /** Of people's passwords; those of repositories are the operator's own. */
  accountPasswordLengthMin: 12,
  /** None of the last so many comes back. */
  passwordHistory: 5,
  /** argon2id: more than OWASP's least (46 MiB in one pass), and little enough that many sign-ins at once keep nobody else waiting. */
  argon2MemoryKiB: 64 * 1024,
  argon2Passes: 1,
  /** Passwords hashed at once: each takes its memory and a thread. */
  passwordsAtOnce: 2,
  /** So many failures lock an account for so long, each further one for twice as long, up to the longest. */
  signInFailuresMax: 5,
  lockOutMs: 15 * durations.minute,
  lockOutMsMax: 24 * durations.hour,
  /** Between the password and the second step. */
  secondStepMsMax: 5 * durations.minute,
  recoveryCodes: 10,
  passwordLinkMs: 3 * durations.day,
  keyMsMax: 366 * durations.day,
  /** Between going to a provider of OpenID Connect and coming back. */
  oidcMsMax: 10 * durations.minute,
  oidcTimeoutSeconds: 10,
  /** From one address: nothing is guessed there, but each asks the provider. */
  oidcPerMinuteMax: 60,
  setUpLinkMs: 24 * durations.hour,
  /** A checkpoint of the trail is signed after so many events, and after so long when there was any. */
  auditCheckpointEvents: 1_000,
  auditCheckpointEveryMs: 1 * durations.hour,
  /** Copies of checkpoints that a repository keeps of an installation; the newest says all, the others say when. */
  auditCopiesKept: 16,
  /** Copies of the catalog that a repository keeps of an installation, one a day. */
  catalogCopiesKept: 7,
  /** One row of such a copy. */
  catalogLineBytesMax: 16 * MiB,
  /** Events that a verify or an export holds at a time. */
  auditBatchEvents: 500,
  /** A verify names so many events that are wrong, and counts all. */
  auditFindingsMax: 100,
  /** One line of an exported trail. */
  auditLineBytesMax: 16 * MiB,
  /** A mail server or a webhook that has not answered by then did not take the message. */
  noticeTimeoutMs: 20 * durations.second,
  /** Before each further try of a message; after the last it is given up. */
  noticeRetryPausesMs: [
    30 * durations.second,
    2 * durations.minute,
    10 * durations.minute,
    30 * durations.minute,
    durations.hour,
    2 * durations.hour,
    4 * durations.hour,
    8 * durations.hour,
  ],
  toolOutputBytesMax: 64 * KiB,
} as const
