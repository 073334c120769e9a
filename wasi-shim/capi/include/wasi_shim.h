/*
 * WASI preview1 for hosts written in C, over filesystems that one can plug in.
 *
 * A host makes a configuration, a context of it for each guest, and calls a function of the context whenever the guest
 * calls one of `wasi_snapshot_preview1` or `wasi_unstable`. The file is made from the library's sources; do not edit it.
 *
 * Who owns what. What a function ending in _new, or one that makes a directory or a stream, writes to a variable is the
 * caller's, who frees it with the _free of its type, which takes the address of the variable and sets it to NULL. What is
 * given to something else stays the caller's, and may be freed at once: whatever needs it keeps it. The library keeps no
 * pointer that it is passed: strings, bytes and callbacks are copied. The exceptions are the `user` of callbacks, which is
 * theirs until their `drop` is called, and `wasi_shim_result`, which is the caller's and owns its `blocked`.
 *
 * What is checked. Null pointers where there has to be something, strings that are not UTF-8, numbers that mean nothing,
 * lengths that no memory has, pointers that are not aligned: they are errors, and nothing has happened but that what was to be
 * made is NULL, and what was to be counted may be 0. Freeing through a variable that is NULL does nothing. What is not checked,
 * as it is nowhere in C: pointers that lead elsewhere, and those that were freed through a copy.
 *
 * Threads. Each type says how many threads may use it at once: one, for what is being put together (a configuration, mounts,
 * devices), for a blocked call and the result it is in, and for a waker; any number, for a context, a directory and a stream.
 * Where a function says nothing else, any thread may call it. Nothing is freed while another thread is about to use it.
 *
 * Callbacks. They are called by whichever thread makes the call that needs them, several at once if several do. They may
 * call whatever is here, also on the guest that they are called for, in another memory, and may free any handle, that guest's
 * too. Three things would wait for themselves or for what is gone: to read, write, seek or list the very descriptor that they
 * are called for; to use an overlay or a quota from what answers for a directory in it; to resume or free a blocked call
 * that they are asked about. They return, and do not leave by longjmp. An exception of C++ that leaves one ends the process.
 * Each `drop` is called once, by whichever thread lets go last.
 *
 * Errors. Functions answer a status, calls an outcome; wasi_shim_message has the words. A mistake in the library that would
 * end a Rust program is WASI_SHIM_STATUS_PANIC, with a message on standard error from Rust; no panic leaves the library.
 *
 * Numbers. Error codes of WASI, as guests and callbacks see them, are 0 for success and 1 to 76. For example: 2 acces,
 * 6 again, 8 badf, 19 dquot, 20 exist, 22 fbig, 28 inval, 29 io, 31 isdir, 44 noent, 51 nospc, 54 notdir, 58 notsup, 63 perm,
 * 69 rofs, 75 xdev.
 */

#ifndef WASI_SHIM_H
#define WASI_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A deadline that never comes.
 */
#define WASI_SHIM_NEVER UINT64_MAX

/**
 * The lowest descriptor that is free.
 */
#define WASI_SHIM_LOWEST UINT32_MAX

/**
 * What comes of a function that makes or changes something. wasi_shim_message has the words.
 */
typedef enum wasi_shim_status {
  /**
   * It is done.
   */
  WASI_SHIM_STATUS_OK = 0,
  /**
   * A pointer that has to lead somewhere is null.
   */
  WASI_SHIM_STATUS_NULL_POINTER = 1,
  /**
   * An argument is not what it has to be: text that is not UTF-8, a number without a meaning, something of the wrong
   * kind.
   */
  WASI_SHIM_STATUS_ARGUMENT = 2,
  /**
   * The operating system refused.
   */
  WASI_SHIM_STATUS_SYSTEM = 3,
  /**
   * A filesystem refused, with an error code of WASI.
   */
  WASI_SHIM_STATUS_FILESYSTEM = 4,
  /**
   * The archive is damaged, or larger than it may be.
   */
  WASI_SHIM_STATUS_ARCHIVE = 5,
  /**
   * The guest cannot be made as it is configured.
   */
  WASI_SHIM_STATUS_CONFIGURATION = 6,
  /**
   * A mistake in the library: it panicked, and went no further. What it was working on can still be freed.
   */
  WASI_SHIM_STATUS_PANIC = 7,
  /**
   * It would have to wait.
   */
  WASI_SHIM_STATUS_AGAIN = 8,
} wasi_shim_status;

/**
 * What came of a call.
 */
typedef enum wasi_shim_outcome {
  /**
   * The function returns `value` to the guest: 0, or an error code of WASI.
   */
  WASI_SHIM_OUTCOME_RETURNED = 0,
  /**
   * The guest has called `proc_exit` with `value`, and must not go on.
   */
  WASI_SHIM_OUTCOME_EXITED = 1,
  /**
   * The guest must not go on: a wasi_shim_trap is in `value`. wasi_shim_message has the words.
   */
  WASI_SHIM_OUTCOME_TRAPPED = 2,
  /**
   * The call has to wait, and `blocked` is how; only with WASI_SHIM_BLOCKING_RETURN. Go on with wasi_shim_resume, or give
   * it up with wasi_shim_blocked_free.
   */
  WASI_SHIM_OUTCOME_BLOCKED = 3,
  /**
   * There was no call, or no end of it: a wasi_shim_status is in `value`. wasi_shim_message has the words.
   */
  WASI_SHIM_OUTCOME_FAILED = 4,
} wasi_shim_outcome;

/**
 * The module that a guest imports a function from. Records are laid out differently in some functions.
 */
typedef enum wasi_shim_abi {
  /**
   * `wasi_snapshot_preview1`.
   */
  WASI_SHIM_ABI_PREVIEW1 = 0,
  /**
   * `wasi_unstable`, which came before it.
   */
  WASI_SHIM_ABI_UNSTABLE = 1,
} wasi_shim_abi;

/**
 * What a call does that has to wait.
 */
typedef enum wasi_shim_blocking {
  /**
   * It waits, and returns when it is done. The default.
   */
  WASI_SHIM_BLOCKING_WAIT = 0,
  /**
   * It returns WASI_SHIM_OUTCOME_BLOCKED, and the host decides how to wait.
   */
  WASI_SHIM_BLOCKING_RETURN = 1,
} wasi_shim_blocking;

/**
 * What was changed. Paths have no slash at either end.
 */
typedef enum wasi_shim_change {
  /**
   * A file of the lower tree has other content, or it or a link has other times.
   */
  WASI_SHIM_CHANGE_WRITTEN = 0,
  /**
   * Something of the lower tree is gone, with all that was left in it.
   */
  WASI_SHIM_CHANGE_REMOVED = 1,
  /**
   * Something of the lower tree is at the second path now.
   */
  WASI_SHIM_CHANGE_MOVED = 2,
  /**
   * There is a new file, directory or link.
   */
  WASI_SHIM_CHANGE_CREATED = 3,
  /**
   * A file has the second path as another name.
   */
  WASI_SHIM_CHANGE_LINKED = 4,
  /**
   * A directory has other times. The path of the root is empty.
   */
  WASI_SHIM_CHANGE_TOUCHED = 5,
  /**
   * Something else, which the path says in words.
   */
  WASI_SHIM_CHANGE_OTHER = 6,
} wasi_shim_change;

/**
 * What a directory is given for.
 */
typedef enum wasi_shim_access {
  /**
   * Nothing below it can be changed through it; trying answers `perm`.
   */
  WASI_SHIM_ACCESS_READ_ONLY = 0,
  /**
   * Whatever its filesystem allows.
   */
  WASI_SHIM_ACCESS_READ_WRITE = 1,
} wasi_shim_access;

/**
 * What a pointer of the guest's does that leads outside its memory.
 */
typedef enum wasi_shim_faults {
  /**
   * It traps. The default.
   */
  WASI_SHIM_FAULTS_TRAP = 0,
  /**
   * The call answers `fault`.
   */
  WASI_SHIM_FAULTS_ERRNO = 1,
} wasi_shim_faults;

/**
 * How much a guest may make the host do or keep. What each means, and what it is unless set, is on the page
 * `spec-notes/limits.md`.
 */
typedef enum wasi_shim_limit {
  /**
   * Open descriptors.
   */
  WASI_SHIM_LIMIT_DESCRIPTORS = 0,
  /**
   * Bytes of a path or of a link's text.
   */
  WASI_SHIM_LIMIT_PATH = 1,
  /**
   * Links followed in one resolution.
   */
  WASI_SHIM_LIMIT_LINKS = 2,
  /**
   * Bytes of the texts of those links together.
   */
  WASI_SHIM_LIMIT_EXPANDED_PATH = 3,
  /**
   * Directories walked one by one.
   */
  WASI_SHIM_LIMIT_DEPTH = 4,
  /**
   * Buffers in one read or write.
   */
  WASI_SHIM_LIMIT_IOVECS = 5,
  /**
   * Bytes copied at a time.
   */
  WASI_SHIM_LIMIT_BOUNCE = 6,
  /**
   * Entries in all listings that the descriptors hold.
   */
  WASI_SHIM_LIMIT_LISTING_ENTRIES = 7,
  /**
   * Bytes of the names in those listings.
   */
  WASI_SHIM_LIMIT_LISTING_BYTES = 8,
  /**
   * Subscriptions in one `poll_oneoff`.
   */
  WASI_SHIM_LIMIT_SUBSCRIPTIONS = 9,
} wasi_shim_limit;

/**
 * Whether WASI's rights are enforced.
 */
typedef enum wasi_shim_rights {
  /**
   * As the specification says. The default.
   */
  WASI_SHIM_RIGHTS_ENFORCE = 0,
  /**
   * Only whether a file was opened for reading or for writing counts, as in wasmtime.
   */
  WASI_SHIM_RIGHTS_READ_WRITE_ONLY = 1,
} wasi_shim_rights;

/**
 * Why a guest must not go on.
 */
typedef enum wasi_shim_trap {
  /**
   * A pointer to something outside the memory.
   */
  WASI_SHIM_TRAP_OUT_OF_BOUNDS = 1,
  /**
   * A pointer that its type does not allow.
   */
  WASI_SHIM_TRAP_MISALIGNED = 2,
  /**
   * The guest was cancelled.
   */
  WASI_SHIM_TRAP_CANCELLED = 3,
  /**
   * The guest's deadline has passed.
   */
  WASI_SHIM_TRAP_DEADLINE = 4,
  /**
   * Something else, which the message says.
   */
  WASI_SHIM_TRAP_OTHER = 5,
} wasi_shim_trap;

/**
 * A call that has to wait. Any thread may use it, one at a time: who asks or waits has come back before it is resumed or
 * freed, which no callback may do meanwhile. The guest's memory is not needed, and may be moved.
 */
typedef struct wasi_shim_blocked wasi_shim_blocked;

/**
 * A stream of bytes. To give it to a configuration keeps what it stands for, so that it can be freed at any time. Any
 * thread may use it, several at once.
 */
typedef struct wasi_shim_stream wasi_shim_stream;

/**
 * What a guest is to be given. A new one gives nothing: no arguments, no environment, no directory, standard input at its
 * end, standard output going nowhere. One thread at a time may use it. Any number of contexts can be made of it.
 */
typedef struct wasi_shim_config wasi_shim_config;

/**
 * A guest: its descriptors, and all that it was given. All functions on it may be called from any thread, by several at
 * once, with one exception: it is freed once, and not while another thread is about to call.
 */
typedef struct wasi_shim_context wasi_shim_context;

/**
 * What a directory is to hold. One thread at a time may use it. Any number of directories can be made of it. What is added
 * twice under one name is the later.
 */
typedef struct wasi_shim_devices wasi_shim_devices;

/**
 * A directory of any filesystem. To give it to something (a guest, an overlay) keeps what it stands for, so that it can be
 * freed at any time. Any thread may use it, several at once.
 */
typedef struct wasi_shim_dir wasi_shim_dir;

/**
 * What an open has found, for the time of the callback and its thread. It holds what was said last.
 */
typedef struct wasi_shim_found wasi_shim_found;

/**
 * Those to whom the entries of a directory are told, for the time of the callback and its thread.
 */
typedef struct wasi_shim_listing wasi_shim_listing;

/**
 * Which trees are to be put together, and where. One thread at a time may use it. Any number of directories can be made of
 * it.
 */
typedef struct wasi_shim_mounts wasi_shim_mounts;

/**
 * Somebody who waits for a stream. What is passed to a callback is there until it returns; what was kept, until it is
 * freed. Any thread may use it, one at a time.
 */
typedef struct wasi_shim_waker wasi_shim_waker;

/**
 * How much a tree may hold. With 0 for any there is the library's limit.
 */
typedef struct wasi_shim_tree_limits {
  /**
   * Bytes in files: 1 GiB.
   */
  uint64_t bytes;
  /**
   * Files, directories and links, or those of an overlay that are new or changed: 1,000,000.
   */
  uint64_t inodes;
  /**
   * Bytes of everything but content, as names are, further names of one file among them: 320 MiB, of an overlay 128 MiB.
   */
  uint64_t names;
  /**
   * Entries of one directory: no limit but these.
   */
  uint64_t entries;
  /**
   * Directories below each other: no limit but these.
   */
  uint64_t depth;
} wasi_shim_tree_limits;

/**
 * How much of a tree is used.
 */
typedef struct wasi_shim_usage {
  /**
   * Bytes: under a quota, the lengths of files and of links' texts; in memory, the pages of 4 KiB in use.
   */
  uint64_t bytes;
  /**
   * Files, directories and links, without the root. What is removed and still open is among them.
   */
  uint64_t inodes;
} wasi_shim_usage;

/**
 * Is told a change: a wasi_shim_change, a path, and a second one, or `NULL` if that has none. Both are there until the
 * callback returns.
 */
typedef void (*wasi_shim_on_change)(void *user, uint32_t change, const char *path, const char *to);

/**
 * How much an archive may have, and what is kept to read it. With 0 for any there is the library's limit.
 */
typedef struct wasi_shim_archive_limits {
  /**
   * Files, directories and links, with those that were replaced or left out: 1,000,000.
   */
  uint64_t members;
  /**
   * Bytes of names and of the texts of links: 128 MiB.
   */
  uint64_t names;
  /**
   * Bytes that a compressed tar unpacks to, which are in memory: 256 MiB.
   */
  uint64_t unpacked;
  /**
   * Bytes of memory that are kept to get to places in deflated members: 16 MiB.
   */
  uint64_t checkpoints;
} wasi_shim_archive_limits;

/**
 * Is told a line that was written, without its end. It need not be text, and it is there until the callback returns.
 */
typedef void (*wasi_shim_on_line)(void *user, const uint8_t *line, size_t len);

/**
 * Facts about a file, for a callback to fill. All are 0 before, but for `nlink`, which is 1.
 */
typedef struct wasi_shim_filestat {
  /**
   * What it is: WASI's `filetype`. 2 is a character device, 3 a directory, 4 a regular file, 7 a symbolic link.
   */
  uint8_t kind;
  /**
   * Its number, which no other file of the filesystem has while it exists.
   */
  uint64_t ino;
  /**
   * How many names it has.
   */
  uint64_t nlink;
  /**
   * Its length in bytes; of a symbolic link, its text's.
   */
  uint64_t size;
  /**
   * Last access, in nanoseconds since 1970.
   */
  uint64_t atim;
  /**
   * Last change of the content.
   */
  uint64_t mtim;
  /**
   * Last change of the content or of these facts.
   */
  uint64_t ctim;
} wasi_shim_filestat;

/**
 * How an entry is to be opened.
 */
typedef struct wasi_shim_open_how {
  /**
   * The file will be read.
   */
  bool read;
  /**
   * The file will be written.
   */
  bool write;
  /**
   * A missing file is created.
   */
  bool create;
  /**
   * An entry that is there already is `exist`.
   */
  bool exclusive;
  /**
   * The content of an existing file is discarded.
   */
  bool truncate;
  /**
   * Anything but a directory or a link is `notdir`.
   */
  bool directory;
  /**
   * When writes count as done: 0 when they are taken, 1 when the data are durable, 2 when the facts are too.
   */
  uint8_t sync;
} wasi_shim_open_how;

/**
 * A callback about one name.
 */
typedef uint16_t (*wasi_shim_on_name)(void *dir, const char *name);

/**
 * A callback about two names, one of them in another directory of the same filesystem.
 */
typedef uint16_t (*wasi_shim_on_names)(void *dir, const char *from, void *target, const char *to);

/**
 * What a file's times become.
 */
typedef struct wasi_shim_times {
  /**
   * What becomes of the last access: 0 if it stays, 1 if it is now, 2 if it is `atim`.
   */
  uint8_t set_atim;
  /**
   * What becomes of the last change of the content, likewise.
   */
  uint8_t set_mtim;
  /**
   * In nanoseconds since 1970.
   */
  uint64_t atim;
  /**
   * In nanoseconds since 1970.
   */
  uint64_t mtim;
} wasi_shim_times;

/**
 * What a directory of the host's answers. It is asked for single names: no path, no slash, no `.` or `..` arrives, and it
 * never follows a link. `stat`, `open` and `list` have to be there, and make a filesystem that can be read; where one of
 * the others is `NULL`, it answers `rofs`, and `sync` nothing. Any thread may call them, several at once; names are there
 * until the callback returns. Each answers 0 or an error code of WASI; what each should answer when is on `vfs::Dir` in
 * the library's documentation.
 */
typedef struct wasi_shim_dir_callbacks {
  /**
   * Facts about an entry, of a link about the link; about the directory itself if `name` is `NULL`.
   */
  uint16_t (*stat)(void *dir, const char *name, struct wasi_shim_filestat *stat);
  /**
   * Opens an entry, and creates it if that is asked for: one of the functions wasi_shim_found_... says what was found.
   */
  uint16_t (*open)(void *dir, const char *name, const struct wasi_shim_open_how *how, struct wasi_shim_found *found);
  /**
   * Tells every entry once, by wasi_shim_listing_add, until that returns false.
   */
  uint16_t (*list)(void *dir, struct wasi_shim_listing *listing);
  /**
   * Creates an empty directory.
   */
  wasi_shim_on_name create_dir;
  /**
   * Creates a symbolic link with this text.
   */
  uint16_t (*create_symlink)(void *dir, const char *name, const char *text);
  /**
   * Removes anything but a directory. What is open stays so.
   */
  wasi_shim_on_name remove_file;
  /**
   * Removes an empty directory.
   */
  wasi_shim_on_name remove_dir;
  /**
   * Moves `from` to `to` in `target`, the pointer of a directory of the same filesystem.
   */
  wasi_shim_on_names rename;
  /**
   * Gives `from` a second name `to` in `target`.
   */
  wasi_shim_on_names link;
  /**
   * Sets the times of an entry, or of the directory itself if `name` is `NULL`.
   */
  uint16_t (*set_times)(void *dir, const char *name, const struct wasi_shim_times *times);
  /**
   * Makes completed changes to the directory durable.
   */
  uint16_t (*sync)(void *dir);
  /**
   * Frees the directory's pointer: called once, when nobody has the directory any more.
   */
  void (*drop)(void *dir);
} wasi_shim_dir_callbacks;

/**
 * What a regular file of the host's answers. Offsets, appending, rights and whether a guest may write are the library's
 * business. `stat` and `read_at` have to be there; where one of the others is `NULL`, it answers `rofs`, and `sync`
 * nothing. Any thread may call them, several at once. Each answers 0 or an error code of WASI.
 */
typedef struct wasi_shim_file_callbacks {
  /**
   * Facts about the file; `kind` is known.
   */
  uint16_t (*stat)(void *file, struct wasi_shim_filestat *stat);
  /**
   * Reads up to `len` bytes at `offset`; `*count`, 0 before, is how many they were. 0 of them are the end.
   */
  uint16_t (*read_at)(void *file, uint8_t *buffer, size_t len, uint64_t offset, size_t *count);
  /**
   * Writes up to `len` bytes at `offset`; `*count`, 0 before, is how many they were, at least one: where there is no
   * room, answer `nospc`. The file grows as it must.
   */
  uint16_t (*write_at)(void *file, const uint8_t *bytes, size_t len, uint64_t offset, size_t *count);
  /**
   * Cuts the file, or extends it with zeros.
   */
  uint16_t (*set_size)(void *file, uint64_t size);
  /**
   * Sets the file's times.
   */
  uint16_t (*set_times)(void *file, const struct wasi_shim_times *times);
  /**
   * Makes completed writes durable.
   */
  uint16_t (*sync)(void *file);
  /**
   * Frees the file's pointer: called once, when nobody has the file open any more.
   */
  void (*drop)(void *file);
} wasi_shim_file_callbacks;

/**
 * What a stream of the host's answers. It never waits: where it would have to, it answers `again`, which is 6, and the
 * library waits for it. Where `read` or `write` is `NULL`, it answers `badf`. Any thread may call them, several at once.
 */
typedef struct wasi_shim_stream_callbacks {
  /**
   * What a guest is told that it is: WASI's `filetype`, 0 for something else. 2 is a terminal to a C program.
   */
  uint8_t filetype;
  /**
   * Reads up to `len` bytes; `*count`, 0 before, is how many they were. 0 of them are the end.
   */
  uint16_t (*read)(void *stream, uint8_t *buffer, size_t len, size_t *count);
  /**
   * Writes up to `len` bytes; `*count`, 0 before, is how many they were, at least one.
   */
  uint16_t (*write)(void *stream, const uint8_t *bytes, size_t len, size_t *count);
  /**
   * Would reading, or writing, answer anything but `again`? If not, keep the waker by wasi_shim_waker_keep until it
   * would, then wake it; several may wait at once. `NULL` is always ready, for streams that never answer `again`.
   */
  bool (*ready)(void *stream, bool write, const struct wasi_shim_waker *waker);
  /**
   * Whom this waker stands for waits no more: free those that were kept for it, which are the same by
   * wasi_shim_waker_same. A guest that looks again and again leaves a waker each time. `NULL` if they are to stay kept
   * until they are woken.
   */
  void (*forget)(void *stream, bool write, const struct wasi_shim_waker *waker);
  /**
   * Frees the stream's pointer: called once, when nobody has the stream any more.
   */
  void (*drop)(void *stream);
} wasi_shim_stream_callbacks;

/**
 * Tells the time of a clock: 0 is real time since 1970, 1 monotonic time, 2 and 3 are the CPU time of the process and of
 * the thread; in nanoseconds. The answer is 0 or an error code of WASI: `inval`, which is 28, if there is no such clock.
 */
typedef uint16_t (*wasi_shim_now)(void *user, uint32_t clock, uint64_t *time);

/**
 * Fills a buffer with random bytes. The answer is 0 or an error code of WASI.
 */
typedef uint16_t (*wasi_shim_fill)(void *user, uint8_t *buffer, size_t len);

/**
 * Something to wait for with `poll(2)`.
 */
typedef struct wasi_shim_descriptor {
  /**
   * The descriptor. It stays the library's, and open until the call is resumed or freed.
   */
  int32_t fd;
  /**
   * Wait until it can be written; else until it can be read.
   */
  bool write;
} wasi_shim_descriptor;

/**
 * What came of a call, with its value. It owns `blocked`; nothing else in it needs to be freed.
 */
typedef struct wasi_shim_result {
  /**
   * What came of it.
   */
  enum wasi_shim_outcome outcome;
  /**
   * What the outcome says.
   */
  uint32_t value;
  /**
   * The call, if it is blocked; else `NULL`. To be freed by wasi_shim_blocked_free, unless it is resumed.
   */
  wasi_shim_blocked *blocked;
} wasi_shim_result;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Copies the words for what went wrong last in this thread into `buffer`, with a NUL at the end: a function's status that
 * was not WASI_SHIM_STATUS_OK, a trap, a call that failed. What does not fit is cut off.
 *
 * Returns how many bytes the words have without the NUL, so that a call with `NULL` and 0 asks for the room. Nothing that
 * is returned can dangle: the words are copied, and stay until something else goes wrong in the same thread.
 */
size_t wasi_shim_message(uint8_t *buffer,
                         size_t size);

/**
 * Opens a directory of the host, with all the permissions that this process has. The system resolves the path, links
 * included; from then on nothing above the directory can be reached through it.
 */
enum wasi_shim_status wasi_shim_dir_host(const char *path, wasi_shim_dir **dir);

/**
 * The same of a directory of the host's that is open already. The descriptor is duplicated, and stays the caller's.
 */
enum wasi_shim_status wasi_shim_dir_descriptor(int32_t descriptor, wasi_shim_dir **dir);

/**
 * Makes an empty directory in memory: a tree of up to so many bytes in files, and so many files, directories and links.
 * With 0 for either there is the library's limit, which is 1 GiB and 1,000,000.
 */
enum wasi_shim_status wasi_shim_dir_memory(uint64_t bytes, uint64_t inodes, wasi_shim_dir **dir);

/**
 * The same with all limits that there are.
 */
enum wasi_shim_status wasi_shim_dir_memory_limited(const wasi_shim_tree_limits *limits, wasi_shim_dir **dir);

/**
 * Makes a directory that is what `lower` is, and can be changed without changing that: changes are kept in `upper`, a
 * directory that is not in `lower`, or in memory if it is `NULL`. wasi_shim_overlay_commit makes them elsewhere.
 */
enum wasi_shim_status wasi_shim_dir_overlay(const wasi_shim_dir *lower, const wasi_shim_dir *upper, wasi_shim_dir **dir);

/**
 * The same with limits for what is new or changed: `bytes`, which says how large the tree in memory is if `upper` is
 * `NULL`, `inodes` and `names`. The others are passed over.
 */
enum wasi_shim_status wasi_shim_dir_overlay_limited(const wasi_shim_dir *lower,
                                                    const wasi_shim_dir *upper,
                                                    const wasi_shim_tree_limits *limits,
                                                    wasi_shim_dir **dir);

/**
 * Makes a directory through which nothing below `inner` can be changed, by nobody.
 */
enum wasi_shim_status wasi_shim_dir_read_only(const wasi_shim_dir *inner, wasi_shim_dir **dir);

/**
 * Makes a directory that is `inner`, and below which files may have only so many bytes together, and there may be only so
 * many files, directories and links; UINT64_MAX for either is no limit. What would be more is refused with `dquot`. What
 * is there is counted first, which takes as long as to walk through it.
 *
 * All changes have to come through the directory that is made.
 */
enum wasi_shim_status wasi_shim_dir_quota(const wasi_shim_dir *inner,
                                          uint64_t bytes,
                                          uint64_t inodes,
                                          wasi_shim_dir **dir);

/**
 * How much is used of a quota, or of a whole tree in memory of which `dir` is a part: for directories of
 * wasi_shim_dir_quota and wasi_shim_dir_memory.
 */
enum wasi_shim_status wasi_shim_dir_usage(const wasi_shim_dir *dir, wasi_shim_usage *usage);

/**
 * Frees a directory and sets the variable to `NULL`; nothing if it is `NULL`. What it was given to keeps what it needs.
 */
void wasi_shim_dir_free(wasi_shim_dir **dir);

/**
 * Puts a file into a directory in memory, under a name without slashes. One of that name is replaced at once.
 */
enum wasi_shim_status wasi_shim_memory_file(const wasi_shim_dir *dir, const char *name, const uint8_t *bytes, size_t len);

/**
 * The directory of that name in a directory in memory, made if it is missing. `*sub` is the caller's to free, like any
 * other.
 */
enum wasi_shim_status wasi_shim_memory_dir(const wasi_shim_dir *dir, const char *name, wasi_shim_dir **sub);

/**
 * Puts a symbolic link into a directory in memory.
 */
enum wasi_shim_status wasi_shim_memory_symlink(const wasi_shim_dir *dir, const char *name, const char *text);

/**
 * Copies what a file in a directory in memory holds into `buffer`, as far as there is room. `*len` is how many bytes it
 * holds, so that a call with `NULL` and no room asks for that.
 */
enum wasi_shim_status wasi_shim_memory_read(const wasi_shim_dir *dir, const char *name, uint8_t *buffer, size_t room, size_t *len);

/**
 * Makes a tree in memory of its own that begins as what is in `dir` and below now. What either changes later, the other
 * does not see. Nothing is copied before it is changed, and no change is half in it, whoever makes changes meanwhile. Each
 * is charged for all that it can reach.
 */
enum wasi_shim_status wasi_shim_memory_snapshot(const wasi_shim_dir *dir,
                                                wasi_shim_dir **snapshot);

/**
 * Copies all that is in `source` into `target`, both of any filesystem: files, directories and links, with their times.
 * Directories that are there are used; anything else of the same name is an error. Other kinds, such as devices, are passed
 * over. If it fails half way, what was copied stays, and the message says where it stopped.
 */
enum wasi_shim_status wasi_shim_dir_copy(const wasi_shim_dir *source,
                                         const wasi_shim_dir *target);

/**
 * Tells what wasi_shim_overlay_commit would do, in that order. Guests should not be changing the overlay meanwhile; while a
 * change is told, the overlay may be used. `user` is passed on, and not kept.
 */
enum wasi_shim_status wasi_shim_overlay_changes(const wasi_shim_dir *overlay,
                                                wasi_shim_on_change change,
                                                void *user);

/**
 * Makes the changes of an overlay in `target`: the directory it is over, opened for writing, or a copy of that. If it
 * fails half way, the message says how far it came. Guests should not be changing the overlay meanwhile.
 */
enum wasi_shim_status wasi_shim_overlay_commit(const wasi_shim_dir *overlay, const wasi_shim_dir *target);

/**
 * Opens a tar (plain, gzip or zstd) or zip file of the host as a directory that cannot be changed. With `NULL` for `limits`
 * they are the library's.
 */
enum wasi_shim_status wasi_shim_dir_archive(const char *path,
                                            const wasi_shim_archive_limits *limits,
                                            wasi_shim_dir **dir);

/**
 * The same of an archive in memory, which is copied.
 */
enum wasi_shim_status wasi_shim_dir_archive_bytes(const uint8_t *bytes,
                                                  size_t len,
                                                  const wasi_shim_archive_limits *limits,
                                                  wasi_shim_dir **dir);

/**
 * How many members of an archive are not in the tree, because no guest could use them, or nobody here can read them.
 */
enum wasi_shim_status wasi_shim_archive_skipped(const wasi_shim_dir *archive, uint64_t *count);

/**
 * Copies the words for one of the first hundred of those, the name and the reason, into `buffer`, as far as there is room.
 * `*len` is how many bytes there are, without a NUL: 0 from the last of them on.
 */
enum wasi_shim_status wasi_shim_archive_skipped_words(const wasi_shim_dir *archive,
                                                      size_t index,
                                                      uint8_t *buffer,
                                                      size_t room,
                                                      size_t *len);

/**
 * Makes a table in which nothing is mounted. Free it with wasi_shim_mounts_free.
 */
enum wasi_shim_status wasi_shim_mounts_new(wasi_shim_mounts **mounts);

/**
 * Puts the tree `dir` at `path`: `/` for the root, else names with one slash before each, none of them `.` or `..`. The
 * order does not matter. The directory stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_mounts_add(wasi_shim_mounts *mounts, const char *path, const wasi_shim_dir *dir);

/**
 * Makes the root of all that is mounted. Without a tree at `/`, directories on the way are made up, and cannot be changed.
 * WASI_SHIM_STATUS_ARGUMENT if a path is none or was given twice, WASI_SHIM_STATUS_FILESYSTEM if a tree has something else
 * than a directory on the way to one. Each tree is a filesystem of its own: moves and links between two answer `xdev`.
 */
enum wasi_shim_status wasi_shim_dir_mounts(const wasi_shim_mounts *mounts,
                                           wasi_shim_dir **dir);

/**
 * Frees a table and sets the variable to `NULL`; nothing if it is `NULL`. Directories that were made of it stay.
 */
void wasi_shim_mounts_free(wasi_shim_mounts **mounts);

/**
 * Makes a stream that is read from a descriptor: a pipe, a terminal, a file, a socket. The descriptor is duplicated: it
 * stays the caller's to close, and nothing about it is changed.
 */
enum wasi_shim_status wasi_shim_stream_input(int32_t descriptor, wasi_shim_stream **stream);

/**
 * The same of one that is written. Ignore SIGPIPE: see wasi_shim_config_inherit_stdio.
 */
enum wasi_shim_status wasi_shim_stream_output(int32_t descriptor, wasi_shim_stream **stream);

/**
 * The same of a connected socket, for wasi_shim_config_socket.
 */
enum wasi_shim_status wasi_shim_stream_socket(int32_t descriptor, wasi_shim_stream **stream);

/**
 * The same of a listening socket, which is set to O_NONBLOCK.
 */
enum wasi_shim_status wasi_shim_stream_listener(int32_t descriptor, wasi_shim_stream **stream);

/**
 * Makes a stream that gives these bytes, which are copied, and then ends.
 */
enum wasi_shim_status wasi_shim_stream_bytes(const uint8_t *bytes, size_t len, wasi_shim_stream **stream);

/**
 * Makes a stream that takes whatever is written and has ended for who reads.
 */
enum wasi_shim_status wasi_shim_stream_null(wasi_shim_stream **stream);

/**
 * Makes both ends of a pipe within this process, which holds up to `capacity` bytes. Each end is closed when it is freed
 * and no guest has it. Both are made, or neither.
 */
enum wasi_shim_status wasi_shim_stream_pipe(size_t capacity,
                                            wasi_shim_stream **reader,
                                            wasi_shim_stream **writer);

/**
 * Reads from a stream on the host's side: up to `room` bytes into `buffer`, `*count` of which are there, none if it fails.
 * 0 of them are the end. It never waits: WASI_SHIM_STATUS_AGAIN if there is nothing yet.
 */
enum wasi_shim_status wasi_shim_stream_read(const wasi_shim_stream *stream,
                                            uint8_t *buffer,
                                            size_t room,
                                            size_t *count);

/**
 * Writes to a stream on the host's side: `*count` of the bytes, which may be fewer, and none if it fails. It never waits:
 * WASI_SHIM_STATUS_AGAIN if there is no room for now.
 */
enum wasi_shim_status wasi_shim_stream_write(const wasi_shim_stream *stream,
                                             const uint8_t *bytes,
                                             size_t len,
                                             size_t *count);

/**
 * Frees a stream and sets the variable to `NULL`; nothing if it is `NULL`. What it was given to keeps what it needs.
 */
void wasi_shim_stream_free(wasi_shim_stream **stream);

/**
 * Makes a stream that keeps what is written to it, up to so many bytes. A write stops there; one that finds no room at all
 * answers `nospc`.
 */
enum wasi_shim_status wasi_shim_stream_capture(size_t capacity,
                                               wasi_shim_stream **stream);

/**
 * Makes a stream that a program takes for a terminal, and that keeps what is shown on it, as wasi_shim_stream_capture does.
 * Nobody types: what is read has ended. It can be all three of a guest's standard streams.
 */
enum wasi_shim_status wasi_shim_stream_terminal(size_t capacity,
                                                wasi_shim_stream **stream);

/**
 * Copies what was written to a stream of wasi_shim_stream_capture or wasi_shim_stream_terminal into `buffer`, as far as
 * there is room. `*len` is how many bytes it keeps, so that a call with `NULL` and no room asks for that.
 */
enum wasi_shim_status wasi_shim_capture_read(const wasi_shim_stream *stream, uint8_t *buffer, size_t room, size_t *len);

/**
 * Forgets what was written so far to such a stream, and makes room for as much again.
 */
enum wasi_shim_status wasi_shim_capture_clear(const wasi_shim_stream *stream);

/**
 * Makes a stream that tells what is written to it, line by line. One that gets longer than `longest` bytes, of which there
 * is at least one, comes in pieces; one that was not ended comes when nobody has the stream any more. Give each of a
 * guest's streams one of its own, or their unfinished lines mix.
 *
 * What is said of `user` and `drop` at wasi_shim_config_clock holds here too, of the stream and who has it.
 */
enum wasi_shim_status wasi_shim_stream_log(size_t longest,
                                           wasi_shim_on_line line,
                                           void *user,
                                           void (*drop)(void *user),
                                           wasi_shim_stream **stream);

/**
 * Makes a directory that the host answers for: the root of a filesystem of its own. The callbacks are copied; `user` is
 * passed to each, and is taken only if this succeeds.
 */
enum wasi_shim_status wasi_shim_dir_new(const wasi_shim_dir_callbacks *callbacks, void *user, wasi_shim_dir **dir);

/**
 * Tells an entry of a directory, within its callback `list`: its name, its number or 0, and what it is, WASI's `filetype`
 * or 0. Names that no guest could use are left out. Returns false if nobody wants to hear more.
 */
bool wasi_shim_listing_add(struct wasi_shim_listing *listing,
                           const char *name,
                           uint64_t ino,
                           uint8_t filetype);

/**
 * Within the callback `open`: it is a regular file that the host answers for. The callbacks are copied; `file` is passed to
 * each, and is taken only if this succeeds.
 */
enum wasi_shim_status wasi_shim_found_file(wasi_shim_found *found,
                                           const wasi_shim_file_callbacks *callbacks,
                                           void *file);

/**
 * Within the callback `open`: it is a directory of the same filesystem that the host answers for. The callbacks are copied;
 * `dir` is passed to each, and is taken only if this succeeds.
 */
enum wasi_shim_status wasi_shim_found_dir(wasi_shim_found *found,
                                          const wasi_shim_dir_callbacks *callbacks,
                                          void *dir);

/**
 * Within the callback `open`: it is a symbolic link with this text. The library decides whether it is followed.
 */
enum wasi_shim_status wasi_shim_found_symlink(wasi_shim_found *found, const char *text);

/**
 * Within the callback `open`: it is something without an offset, this stream. It stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_found_stream(wasi_shim_found *found,
                                             const wasi_shim_stream *stream);

/**
 * Within the callback `open`: it is this directory, of any filesystem. It stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_found_mount(wasi_shim_found *found, const wasi_shim_dir *dir);

/**
 * Do two wakers stand for the same who waits? False if either is `NULL`.
 */
bool wasi_shim_waker_same(const wasi_shim_waker *one, const wasi_shim_waker *other);

/**
 * Makes a stream that the host answers for. The callbacks are copied; `user` is passed to each, and is taken only if this
 * succeeds.
 */
enum wasi_shim_status wasi_shim_stream_new(const wasi_shim_stream_callbacks *callbacks,
                                           void *user,
                                           wasi_shim_stream **stream);

/**
 * Keeps a waker beyond the callback `ready`. Any thread may use what is kept; free it with wasi_shim_waker_wake, or with
 * wasi_shim_waker_free if there is nobody left to wake.
 */
enum wasi_shim_status wasi_shim_waker_keep(const wasi_shim_waker *waker,
                                           wasi_shim_waker **kept);

/**
 * Wakes whoever waits, frees the waker and sets the variable to `NULL`; nothing if it is `NULL`.
 */
void wasi_shim_waker_wake(wasi_shim_waker **waker);

/**
 * Frees a waker that was kept and sets the variable to `NULL`; nothing if it is `NULL`.
 */
void wasi_shim_waker_free(wasi_shim_waker **waker);

/**
 * Makes a table of nothing, or with what programs look for in `/dev`: `null`, `zero`, `full`, and `random` and `urandom`,
 * which give the system's random bytes. Free it with wasi_shim_devices_free.
 */
enum wasi_shim_status wasi_shim_devices_new(bool standard,
                                            wasi_shim_devices **devices);

/**
 * Adds a stream, which can be opened for reading and for writing; what it cannot do fails when it is tried. It stays the
 * caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_devices_stream(wasi_shim_devices *devices,
                                               const char *name,
                                               const wasi_shim_stream *stream);

/**
 * Adds a regular file that the host answers for. If `writable` is false, opening it for writing answers `rofs`; if not,
 * nobody makes it larger than `most` bytes: `fbig`. UINT64_MAX is no limit. The callbacks are copied; `file` is passed to
 * each, and is taken only if this succeeds.
 */
enum wasi_shim_status wasi_shim_devices_file(wasi_shim_devices *devices,
                                             const char *name,
                                             const wasi_shim_file_callbacks *callbacks,
                                             void *file,
                                             bool writable,
                                             uint64_t most);

/**
 * Adds a directory of any filesystem. It stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_devices_dir(wasi_shim_devices *devices, const char *name, const wasi_shim_dir *dir);

/**
 * Adds a symbolic link with this text.
 */
enum wasi_shim_status wasi_shim_devices_symlink(wasi_shim_devices *devices, const char *name, const char *text);

/**
 * Makes the directory, whose entries nobody can change; what they lead to may be written, if it takes that. Give it to a
 * guest with WASI_SHIM_ACCESS_READ_WRITE, or it cannot write to `null`. WASI_SHIM_STATUS_ARGUMENT for a name that is none.
 */
enum wasi_shim_status wasi_shim_dir_devices(const wasi_shim_devices *devices,
                                            wasi_shim_dir **dir);

/**
 * Frees a table and sets the variable to `NULL`; nothing if it is `NULL`. Directories that were made of it stay.
 */
void wasi_shim_devices_free(wasi_shim_devices **devices);

/**
 * Makes a configuration that gives nothing. Free it with wasi_shim_config_free.
 */
enum wasi_shim_status wasi_shim_config_new(wasi_shim_config **config);

/**
 * Frees a configuration and sets the variable to `NULL`; nothing if it is `NULL`. Contexts that were made of it stay.
 */
void wasi_shim_config_free(wasi_shim_config **config);

/**
 * Adds a command-line argument. The first is the program's name.
 */
enum wasi_shim_status wasi_shim_config_arg(wasi_shim_config *config, const char *argument);

/**
 * Sets an environment variable. One that is set twice has the later value.
 */
enum wasi_shim_status wasi_shim_config_env(wasi_shim_config *config, const char *name, const char *value);

/**
 * Gives the guest this process's standard streams. They are read and written past the buffers of stdio: call `fflush`
 * first. Ignore SIGPIPE, as a host that serves pipes should: `signal(SIGPIPE, SIG_IGN)`; then a guest that writes to a pipe
 * without a reader has `pipe` for an answer, and this process goes on.
 */
enum wasi_shim_status wasi_shim_config_inherit_stdio(wasi_shim_config *config);

/**
 * Sets the guest's descriptor 0, 1 or 2. The stream stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_config_stdio(wasi_shim_config *config, uint32_t descriptor, const wasi_shim_stream *stream);

/**
 * Gives the guest a directory under a name, for what a wasi_shim_access says. Directories are numbered from 3 in the
 * order in which they are given. The directory stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_config_preopen(wasi_shim_config *config, const char *name, const wasi_shim_dir *dir, uint32_t access);

/**
 * Gives the guest a socket, numbered after the directories. The stream stays the caller's to free, at any time.
 */
enum wasi_shim_status wasi_shim_config_socket(wasi_shim_config *config, const wasi_shim_stream *socket);

/**
 * Sets a limit: a wasi_shim_limit. Values that are larger than the limit can be are the largest it can be.
 */
enum wasi_shim_status wasi_shim_config_limit(wasi_shim_config *config, uint32_t limit, uint64_t value);

/**
 * Sets whether rights are enforced: a wasi_shim_rights.
 */
enum wasi_shim_status wasi_shim_config_rights(wasi_shim_config *config, uint32_t mode);

/**
 * Sets what a pointer of the guest's does that leads outside its memory: a wasi_shim_faults.
 */
enum wasi_shim_status wasi_shim_config_faults(wasi_shim_config *config, uint32_t mode);

/**
 * Sets what a call does that has to wait: a wasi_shim_blocking.
 */
enum wasi_shim_status wasi_shim_config_blocking(wasi_shim_config *config, uint32_t mode);

/**
 * Says whether other threads of the guest may write its memory while a call has it. Such a memory is copied byte by byte
 * and never lent to a system call, which is slower. Not so unless set.
 */
enum wasi_shim_status wasi_shim_config_shared_memory(wasi_shim_config *config,
                                                     bool shared);

/**
 * Gives each guest so many nanoseconds, from when its context is made, or with WASI_SHIM_NEVER all there are, which is so
 * unless set; see wasi_shim_set_deadline.
 */
enum wasi_shim_status wasi_shim_config_deadline(wasi_shim_config *config,
                                                uint64_t nanoseconds);

/**
 * Sets where guests' time comes from. `resolution` is in nanoseconds; 0 counts as 1. Unless set, it is the system's.
 *
 * A guest that waits for a time is woken by the host: with the default way of blocking, it sleeps as long as this clock
 * says is left, by the system's time. A clock that stands still is for hosts that take blocked calls into their own hands.
 *
 * `drop` may be `NULL`. It is called once with `user`, when neither the configuration nor a context needs it any more, in
 * whichever thread that is; not if this function fails. `now` may be called by any thread, by several at once.
 */
enum wasi_shim_status wasi_shim_config_clock(wasi_shim_config *config,
                                             wasi_shim_now now,
                                             uint64_t resolution,
                                             void *user,
                                             void (*drop)(void *user));

/**
 * Sets where guests' random bytes come from. Unless set, it is the system. What is said of `user` and `drop` at
 * wasi_shim_config_clock holds here too.
 */
enum wasi_shim_status wasi_shim_config_random(wasi_shim_config *config,
                                              wasi_shim_fill fill,
                                              void *user,
                                              void (*drop)(void *user));

/**
 * Makes a guest of a configuration, which can be changed and freed afterwards. Free it with wasi_shim_context_free.
 */
enum wasi_shim_status wasi_shim_context_new(const wasi_shim_config *config, wasi_shim_context **context);

/**
 * Frees a guest and sets the variable to `NULL`; nothing if it is `NULL`. All that is open is closed when the last of its
 * calls has returned and its blocked calls are freed: a callback may free the guest it is called by.
 *
 * Freeing it again through the same variable does nothing. Through a copy of the pointer it is a mistake that nothing here
 * notices, as with `free`. So it is for everything else that is freed.
 */
void wasi_shim_context_free(wasi_shim_context **context);

/**
 * Ends the guest, from any thread: a call that waits stops waiting, and it and every later call trap with
 * WASI_SHIM_TRAP_CANCELLED. A guest that computes makes no call; to stop it is the engine's to do, and wasi_shim_ended
 * tells it when.
 */
void wasi_shim_cancel(const wasi_shim_context *context);

/**
 * Gives the guest so many nanoseconds from now, or with WASI_SHIM_NEVER all there are, in place of what it had. Then a call
 * that waits stops waiting, and it and every later call trap with WASI_SHIM_TRAP_DEADLINE. Time is that of the guest's
 * monotonic clock.
 */
enum wasi_shim_status wasi_shim_set_deadline(const wasi_shim_context *context,
                                             uint64_t nanoseconds);

/**
 * Ends the guest as if it had exited with this code, from any thread: a call that waits stops waiting, and it and every
 * later call are WASI_SHIM_OUTCOME_EXITED with the code. Nothing if the guest was cancelled or exited by this before.
 *
 * `proc_exit` itself ends only the call that it is. A host whose guest runs in several threads calls this when one of them
 * exits, so that the others do not wait for ever.
 */
void wasi_shim_exit(const wasi_shim_context *context,
                    uint32_t code);

/**
 * Has the guest been ended, by wasi_shim_cancel, by wasi_shim_exit or by its deadline? From any thread, and without a call:
 * for engines that ask now and then whether to go on. False if `context` is `NULL`, and wasi_shim_message says so.
 */
bool wasi_shim_ended(const wasi_shim_context *context);

/**
 * Gives a guest a stream under the number `*fd`, closing what had it, or with WASI_SHIM_LOWEST under the lowest that is
 * free, which `*fd` is then. It can be done at any time, by any thread. The stream stays the caller's to free, at any
 * time. WASI_SHIM_STATUS_FILESYSTEM if the guest may have no such number, or no more.
 */
enum wasi_shim_status wasi_shim_give_stream(const wasi_shim_context *context, const wasi_shim_stream *stream, uint32_t *fd);

/**
 * The same of a socket, connected or listening.
 */
enum wasi_shim_status wasi_shim_give_socket(const wasi_shim_context *context, const wasi_shim_stream *socket, uint32_t *fd);

/**
 * The same of a directory, for what a wasi_shim_access says. With `NULL` for `name` it has none; else the guest finds it by
 * `fd_prestat_get`, but programs look for such directories only as they start.
 */
enum wasi_shim_status wasi_shim_give_dir(const wasi_shim_context *context,
                                         const char *name,
                                         const wasi_shim_dir *dir,
                                         uint32_t access,
                                         uint32_t *fd);

/**
 * Closes a descriptor of a guest, as it could itself, at any time, from any thread. A call that uses it goes on with it.
 * WASI_SHIM_STATUS_FILESYSTEM, and `badf` in the message, if there is none.
 */
enum wasi_shim_status wasi_shim_close(const wasi_shim_context *context,
                                      uint32_t fd);

/**
 * Is it time to resume the call? True, or there is something to wait for: any of `*count` descriptors, the first of which
 * are written to `descriptors` as far as there is room for so many, or `*timeout` milliseconds, -1 for ever, both as
 * `poll(2)` has them. Whatever ends the wait, ask again, or resume.
 *
 * One of the descriptors becomes readable when the guest is cancelled or has another deadline, and when a stream of the
 * host's says that it is ready. The descriptors are those of now: ask for them again each time. With a null pointer where
 * none may be it is true, and wasi_shim_message says which.
 */
bool wasi_shim_blocked_poll(const struct wasi_shim_blocked *blocked,
                            wasi_shim_descriptor *descriptors,
                            size_t room,
                            size_t *count,
                            int32_t *timeout);

/**
 * Waits in this thread until it is time to resume the call. With `NULL` it does not wait, and wasi_shim_message says so.
 */
void wasi_shim_blocked_wait(const struct wasi_shim_blocked *blocked);

/**
 * Gives up a blocked call, which leaves no trace but the bytes already moved, and sets the variable to `NULL`; nothing if
 * it is `NULL`. It is the `blocked` of a wasi_shim_result.
 */
void wasi_shim_blocked_free(wasi_shim_blocked **blocked);

/**
 * Calls a function by its number, a wasi_shim_function, for the module that `abi` says, a wasi_shim_abi.
 *
 * `memory` is the guest's, all of it, wherever it is now: it may move and grow between calls, and is not touched outside
 * of them. During the call it stays where it is, and nobody else may use it, callbacks of the guest's filesystems
 * included, unless it is shared (wasi_shim_config_shared_memory). A call that waits is a call all the while: if the memory
 * may move meanwhile, let blocked calls return (WASI_SHIM_BLOCKING_RETURN).
 *
 * `args` are the guest's, in order, those of 32 bits with anything in the upper half. Those that are missing are 0, and
 * those that are too many are passed over.
 *
 * What comes of it is returned, and written to `result` with its value, whatever was there before: a blocked call in it
 * has to be resumed or freed first. Callbacks are called in this thread.
 */
enum wasi_shim_outcome wasi_shim_call(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint32_t index,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      const uint64_t *args,
                                      size_t n,
                                      wasi_shim_result *result);

/**
 * Goes on with the call that `result` is blocked on, in the same memory, which may be elsewhere by now, and larger. What
 * comes of it takes the place of what was there; it may be blocked again. A guest that was freed meanwhile does not matter.
 *
 * It may be called at any time, by any thread, also before there is anything to go on with: then the call is blocked
 * again. If `memory` is none, the outcome is WASI_SHIM_OUTCOME_FAILED, and `blocked` is still the call: resume it with one
 * that is, or free it.
 */
enum wasi_shim_outcome wasi_shim_resume(wasi_shim_result *result,
                                        uint8_t *memory,
                                        size_t memory_size);

/**
 * The name of a function in import sections; `NULL` if there is none of that number. It is there for ever.
 */
const char *wasi_shim_function_name(uint32_t index);

/**
 * The parameters of a function: `i` for each of 32 bits, `I` for each of 64. `NULL` if there is no function of that number.
 * All but `proc_exit` have a result of 32 bits. It is there for ever.
 */
const char *wasi_shim_function_parameters(uint32_t index);

/**
 * Looks up an import by its module and name: its wasi_shim_abi and its number, which are written only if it is there. False
 * if it is none of WASI's.
 */
bool wasi_shim_function_find(const char *module,
                             const char *name,
                             uint32_t *abi,
                             uint32_t *index);

/**
 * The functions of WASI by number, in the order of the specification.
 */
typedef enum wasi_shim_function {
  /**
   * Copies the command-line arguments.
   */
  WASI_SHIM_FUNCTION_ARGS_GET = 0,
  /**
   * How many command-line arguments there are, and how many bytes they need.
   */
  WASI_SHIM_FUNCTION_ARGS_SIZES_GET = 1,
  /**
   * Copies the environment.
   */
  WASI_SHIM_FUNCTION_ENVIRON_GET = 2,
  /**
   * How many environment variables there are, and how many bytes they need.
   */
  WASI_SHIM_FUNCTION_ENVIRON_SIZES_GET = 3,
  /**
   * The resolution of a clock.
   */
  WASI_SHIM_FUNCTION_CLOCK_RES_GET = 4,
  /**
   * The time of a clock.
   */
  WASI_SHIM_FUNCTION_CLOCK_TIME_GET = 5,
  /**
   * Announces how a range of a file will be used.
   */
  WASI_SHIM_FUNCTION_FD_ADVISE = 6,
  /**
   * Makes room for a range of a file.
   */
  WASI_SHIM_FUNCTION_FD_ALLOCATE = 7,
  /**
   * Closes a descriptor.
   */
  WASI_SHIM_FUNCTION_FD_CLOSE = 8,
  /**
   * Makes a file's data durable.
   */
  WASI_SHIM_FUNCTION_FD_DATASYNC = 9,
  /**
   * What a descriptor is, how it behaves and what it allows.
   */
  WASI_SHIM_FUNCTION_FD_FDSTAT_GET = 10,
  /**
   * Changes how a descriptor behaves.
   */
  WASI_SHIM_FUNCTION_FD_FDSTAT_SET_FLAGS = 11,
  /**
   * Gives up rights of a descriptor.
   */
  WASI_SHIM_FUNCTION_FD_FDSTAT_SET_RIGHTS = 12,
  /**
   * The facts about an open file.
   */
  WASI_SHIM_FUNCTION_FD_FILESTAT_GET = 13,
  /**
   * Sets the length of an open file.
   */
  WASI_SHIM_FUNCTION_FD_FILESTAT_SET_SIZE = 14,
  /**
   * Sets the times of an open file.
   */
  WASI_SHIM_FUNCTION_FD_FILESTAT_SET_TIMES = 15,
  /**
   * Reads at an offset.
   */
  WASI_SHIM_FUNCTION_FD_PREAD = 16,
  /**
   * What a preopened descriptor is, and how long its name.
   */
  WASI_SHIM_FUNCTION_FD_PRESTAT_GET = 17,
  /**
   * Copies the name of a preopened directory.
   */
  WASI_SHIM_FUNCTION_FD_PRESTAT_DIR_NAME = 18,
  /**
   * Writes at an offset.
   */
  WASI_SHIM_FUNCTION_FD_PWRITE = 19,
  /**
   * Reads.
   */
  WASI_SHIM_FUNCTION_FD_READ = 20,
  /**
   * Copies entries of a directory.
   */
  WASI_SHIM_FUNCTION_FD_READDIR = 21,
  /**
   * Moves a descriptor to the number of another, which is closed.
   */
  WASI_SHIM_FUNCTION_FD_RENUMBER = 22,
  /**
   * Moves the offset.
   */
  WASI_SHIM_FUNCTION_FD_SEEK = 23,
  /**
   * Makes a file's data and facts durable.
   */
  WASI_SHIM_FUNCTION_FD_SYNC = 24,
  /**
   * The offset.
   */
  WASI_SHIM_FUNCTION_FD_TELL = 25,
  /**
   * Writes.
   */
  WASI_SHIM_FUNCTION_FD_WRITE = 26,
  /**
   * Creates a directory.
   */
  WASI_SHIM_FUNCTION_PATH_CREATE_DIRECTORY = 27,
  /**
   * The facts about a file at a path.
   */
  WASI_SHIM_FUNCTION_PATH_FILESTAT_GET = 28,
  /**
   * Sets the times of a file at a path.
   */
  WASI_SHIM_FUNCTION_PATH_FILESTAT_SET_TIMES = 29,
  /**
   * Gives a file a second name.
   */
  WASI_SHIM_FUNCTION_PATH_LINK = 30,
  /**
   * Opens a file or directory.
   */
  WASI_SHIM_FUNCTION_PATH_OPEN = 31,
  /**
   * The text of a symbolic link.
   */
  WASI_SHIM_FUNCTION_PATH_READLINK = 32,
  /**
   * Removes an empty directory.
   */
  WASI_SHIM_FUNCTION_PATH_REMOVE_DIRECTORY = 33,
  /**
   * Moves a file or directory to another name.
   */
  WASI_SHIM_FUNCTION_PATH_RENAME = 34,
  /**
   * Creates a symbolic link.
   */
  WASI_SHIM_FUNCTION_PATH_SYMLINK = 35,
  /**
   * Removes a file.
   */
  WASI_SHIM_FUNCTION_PATH_UNLINK_FILE = 36,
  /**
   * Waits for the first of several events.
   */
  WASI_SHIM_FUNCTION_POLL_ONEOFF = 37,
  /**
   * Ends the process. Does not return.
   */
  WASI_SHIM_FUNCTION_PROC_EXIT = 38,
  /**
   * Sends the process a signal. Fixed answer.
   */
  WASI_SHIM_FUNCTION_PROC_RAISE = 39,
  /**
   * Lets others run. Fixed answer.
   */
  WASI_SHIM_FUNCTION_SCHED_YIELD = 40,
  /**
   * Fills a buffer with random bytes.
   */
  WASI_SHIM_FUNCTION_RANDOM_GET = 41,
  /**
   * Accepts a connection on an inherited listener.
   */
  WASI_SHIM_FUNCTION_SOCK_ACCEPT = 42,
  /**
   * Receives from a socket.
   */
  WASI_SHIM_FUNCTION_SOCK_RECV = 43,
  /**
   * Sends on a socket.
   */
  WASI_SHIM_FUNCTION_SOCK_SEND = 44,
  /**
   * Closes one or both directions of a socket.
   */
  WASI_SHIM_FUNCTION_SOCK_SHUTDOWN = 45,
} wasi_shim_function;

/*
 * The functions of WASI by name. What is said of wasi_shim_call holds for each; parameters of 32 and 64 bits are as the
 * guest passes them, pointers as offsets into its memory.
 */

/**
 * Copies the command-line arguments.
 */
wasi_shim_outcome wasi_shim_args_get(const wasi_shim_context *context,
                                     uint32_t abi,
                                     uint8_t *memory,
                                     size_t memory_size,
                                     uint32_t argv,
                                     uint32_t argv_buf,
                                     wasi_shim_result *result);

/**
 * How many command-line arguments there are, and how many bytes they need.
 */
wasi_shim_outcome wasi_shim_args_sizes_get(const wasi_shim_context *context,
                                           uint32_t abi,
                                           uint8_t *memory,
                                           size_t memory_size,
                                           uint32_t argc,
                                           uint32_t argv_buf_size,
                                           wasi_shim_result *result);

/**
 * Copies the environment.
 */
wasi_shim_outcome wasi_shim_environ_get(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t environ,
                                        uint32_t environ_buf,
                                        wasi_shim_result *result);

/**
 * How many environment variables there are, and how many bytes they need.
 */
wasi_shim_outcome wasi_shim_environ_sizes_get(const wasi_shim_context *context,
                                              uint32_t abi,
                                              uint8_t *memory,
                                              size_t memory_size,
                                              uint32_t environc,
                                              uint32_t environ_buf_size,
                                              wasi_shim_result *result);

/**
 * The resolution of a clock.
 */
wasi_shim_outcome wasi_shim_clock_res_get(const wasi_shim_context *context,
                                          uint32_t abi,
                                          uint8_t *memory,
                                          size_t memory_size,
                                          uint32_t id,
                                          uint32_t resolution,
                                          wasi_shim_result *result);

/**
 * The time of a clock.
 */
wasi_shim_outcome wasi_shim_clock_time_get(const wasi_shim_context *context,
                                           uint32_t abi,
                                           uint8_t *memory,
                                           size_t memory_size,
                                           uint32_t id,
                                           uint64_t precision,
                                           uint32_t time,
                                           wasi_shim_result *result);

/**
 * Announces how a range of a file will be used.
 */
wasi_shim_outcome wasi_shim_fd_advise(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t fd,
                                      uint64_t offset,
                                      uint64_t len,
                                      uint32_t advice,
                                      wasi_shim_result *result);

/**
 * Makes room for a range of a file.
 */
wasi_shim_outcome wasi_shim_fd_allocate(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t fd,
                                        uint64_t offset,
                                        uint64_t len,
                                        wasi_shim_result *result);

/**
 * Closes a descriptor.
 */
wasi_shim_outcome wasi_shim_fd_close(const wasi_shim_context *context,
                                     uint32_t abi,
                                     uint8_t *memory,
                                     size_t memory_size,
                                     uint32_t fd,
                                     wasi_shim_result *result);

/**
 * Makes a file's data durable.
 */
wasi_shim_outcome wasi_shim_fd_datasync(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t fd,
                                        wasi_shim_result *result);

/**
 * What a descriptor is, how it behaves and what it allows.
 */
wasi_shim_outcome wasi_shim_fd_fdstat_get(const wasi_shim_context *context,
                                          uint32_t abi,
                                          uint8_t *memory,
                                          size_t memory_size,
                                          uint32_t fd,
                                          uint32_t stat,
                                          wasi_shim_result *result);

/**
 * Changes how a descriptor behaves.
 */
wasi_shim_outcome wasi_shim_fd_fdstat_set_flags(const wasi_shim_context *context,
                                                uint32_t abi,
                                                uint8_t *memory,
                                                size_t memory_size,
                                                uint32_t fd,
                                                uint32_t flags,
                                                wasi_shim_result *result);

/**
 * Gives up rights of a descriptor.
 */
wasi_shim_outcome wasi_shim_fd_fdstat_set_rights(const wasi_shim_context *context,
                                                 uint32_t abi,
                                                 uint8_t *memory,
                                                 size_t memory_size,
                                                 uint32_t fd,
                                                 uint64_t fs_rights_base,
                                                 uint64_t fs_rights_inheriting,
                                                 wasi_shim_result *result);

/**
 * The facts about an open file.
 */
wasi_shim_outcome wasi_shim_fd_filestat_get(const wasi_shim_context *context,
                                            uint32_t abi,
                                            uint8_t *memory,
                                            size_t memory_size,
                                            uint32_t fd,
                                            uint32_t stat,
                                            wasi_shim_result *result);

/**
 * Sets the length of an open file.
 */
wasi_shim_outcome wasi_shim_fd_filestat_set_size(const wasi_shim_context *context,
                                                 uint32_t abi,
                                                 uint8_t *memory,
                                                 size_t memory_size,
                                                 uint32_t fd,
                                                 uint64_t size,
                                                 wasi_shim_result *result);

/**
 * Sets the times of an open file.
 */
wasi_shim_outcome wasi_shim_fd_filestat_set_times(const wasi_shim_context *context,
                                                  uint32_t abi,
                                                  uint8_t *memory,
                                                  size_t memory_size,
                                                  uint32_t fd,
                                                  uint64_t atim,
                                                  uint64_t mtim,
                                                  uint32_t fst_flags,
                                                  wasi_shim_result *result);

/**
 * Reads at an offset.
 */
wasi_shim_outcome wasi_shim_fd_pread(const wasi_shim_context *context,
                                     uint32_t abi,
                                     uint8_t *memory,
                                     size_t memory_size,
                                     uint32_t fd,
                                     uint32_t iovs,
                                     uint32_t iovs_len,
                                     uint64_t offset,
                                     uint32_t nread,
                                     wasi_shim_result *result);

/**
 * What a preopened descriptor is, and how long its name.
 */
wasi_shim_outcome wasi_shim_fd_prestat_get(const wasi_shim_context *context,
                                           uint32_t abi,
                                           uint8_t *memory,
                                           size_t memory_size,
                                           uint32_t fd,
                                           uint32_t buf,
                                           wasi_shim_result *result);

/**
 * Copies the name of a preopened directory.
 */
wasi_shim_outcome wasi_shim_fd_prestat_dir_name(const wasi_shim_context *context,
                                                uint32_t abi,
                                                uint8_t *memory,
                                                size_t memory_size,
                                                uint32_t fd,
                                                uint32_t path,
                                                uint32_t path_len,
                                                wasi_shim_result *result);

/**
 * Writes at an offset.
 */
wasi_shim_outcome wasi_shim_fd_pwrite(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t fd,
                                      uint32_t iovs,
                                      uint32_t iovs_len,
                                      uint64_t offset,
                                      uint32_t nwritten,
                                      wasi_shim_result *result);

/**
 * Reads.
 */
wasi_shim_outcome wasi_shim_fd_read(const wasi_shim_context *context,
                                    uint32_t abi,
                                    uint8_t *memory,
                                    size_t memory_size,
                                    uint32_t fd,
                                    uint32_t iovs,
                                    uint32_t iovs_len,
                                    uint32_t nread,
                                    wasi_shim_result *result);

/**
 * Copies entries of a directory.
 */
wasi_shim_outcome wasi_shim_fd_readdir(const wasi_shim_context *context,
                                       uint32_t abi,
                                       uint8_t *memory,
                                       size_t memory_size,
                                       uint32_t fd,
                                       uint32_t buf,
                                       uint32_t buf_len,
                                       uint64_t cookie,
                                       uint32_t bufused,
                                       wasi_shim_result *result);

/**
 * Moves a descriptor to the number of another, which is closed.
 */
wasi_shim_outcome wasi_shim_fd_renumber(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t fd,
                                        uint32_t to,
                                        wasi_shim_result *result);

/**
 * Moves the offset.
 */
wasi_shim_outcome wasi_shim_fd_seek(const wasi_shim_context *context,
                                    uint32_t abi,
                                    uint8_t *memory,
                                    size_t memory_size,
                                    uint32_t fd,
                                    uint64_t offset,
                                    uint32_t whence,
                                    uint32_t newoffset,
                                    wasi_shim_result *result);

/**
 * Makes a file's data and facts durable.
 */
wasi_shim_outcome wasi_shim_fd_sync(const wasi_shim_context *context,
                                    uint32_t abi,
                                    uint8_t *memory,
                                    size_t memory_size,
                                    uint32_t fd,
                                    wasi_shim_result *result);

/**
 * The offset.
 */
wasi_shim_outcome wasi_shim_fd_tell(const wasi_shim_context *context,
                                    uint32_t abi,
                                    uint8_t *memory,
                                    size_t memory_size,
                                    uint32_t fd,
                                    uint32_t offset,
                                    wasi_shim_result *result);

/**
 * Writes.
 */
wasi_shim_outcome wasi_shim_fd_write(const wasi_shim_context *context,
                                     uint32_t abi,
                                     uint8_t *memory,
                                     size_t memory_size,
                                     uint32_t fd,
                                     uint32_t iovs,
                                     uint32_t iovs_len,
                                     uint32_t nwritten,
                                     wasi_shim_result *result);

/**
 * Creates a directory.
 */
wasi_shim_outcome wasi_shim_path_create_directory(const wasi_shim_context *context,
                                                  uint32_t abi,
                                                  uint8_t *memory,
                                                  size_t memory_size,
                                                  uint32_t fd,
                                                  uint32_t path,
                                                  uint32_t path_len,
                                                  wasi_shim_result *result);

/**
 * The facts about a file at a path.
 */
wasi_shim_outcome wasi_shim_path_filestat_get(const wasi_shim_context *context,
                                              uint32_t abi,
                                              uint8_t *memory,
                                              size_t memory_size,
                                              uint32_t fd,
                                              uint32_t flags,
                                              uint32_t path,
                                              uint32_t path_len,
                                              uint32_t stat,
                                              wasi_shim_result *result);

/**
 * Sets the times of a file at a path.
 */
wasi_shim_outcome wasi_shim_path_filestat_set_times(const wasi_shim_context *context,
                                                    uint32_t abi,
                                                    uint8_t *memory,
                                                    size_t memory_size,
                                                    uint32_t fd,
                                                    uint32_t flags,
                                                    uint32_t path,
                                                    uint32_t path_len,
                                                    uint64_t atim,
                                                    uint64_t mtim,
                                                    uint32_t fst_flags,
                                                    wasi_shim_result *result);

/**
 * Gives a file a second name.
 */
wasi_shim_outcome wasi_shim_path_link(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t old_fd,
                                      uint32_t old_flags,
                                      uint32_t old_path,
                                      uint32_t old_path_len,
                                      uint32_t new_fd,
                                      uint32_t new_path,
                                      uint32_t new_path_len,
                                      wasi_shim_result *result);

/**
 * Opens a file or directory.
 */
wasi_shim_outcome wasi_shim_path_open(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t fd,
                                      uint32_t dirflags,
                                      uint32_t path,
                                      uint32_t path_len,
                                      uint32_t oflags,
                                      uint64_t fs_rights_base,
                                      uint64_t fs_rights_inheriting,
                                      uint32_t fdflags,
                                      uint32_t opened_fd,
                                      wasi_shim_result *result);

/**
 * The text of a symbolic link.
 */
wasi_shim_outcome wasi_shim_path_readlink(const wasi_shim_context *context,
                                          uint32_t abi,
                                          uint8_t *memory,
                                          size_t memory_size,
                                          uint32_t fd,
                                          uint32_t path,
                                          uint32_t path_len,
                                          uint32_t buf,
                                          uint32_t buf_len,
                                          uint32_t bufused,
                                          wasi_shim_result *result);

/**
 * Removes an empty directory.
 */
wasi_shim_outcome wasi_shim_path_remove_directory(const wasi_shim_context *context,
                                                  uint32_t abi,
                                                  uint8_t *memory,
                                                  size_t memory_size,
                                                  uint32_t fd,
                                                  uint32_t path,
                                                  uint32_t path_len,
                                                  wasi_shim_result *result);

/**
 * Moves a file or directory to another name.
 */
wasi_shim_outcome wasi_shim_path_rename(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t fd,
                                        uint32_t old_path,
                                        uint32_t old_path_len,
                                        uint32_t new_fd,
                                        uint32_t new_path,
                                        uint32_t new_path_len,
                                        wasi_shim_result *result);

/**
 * Creates a symbolic link.
 */
wasi_shim_outcome wasi_shim_path_symlink(const wasi_shim_context *context,
                                         uint32_t abi,
                                         uint8_t *memory,
                                         size_t memory_size,
                                         uint32_t old_path,
                                         uint32_t old_path_len,
                                         uint32_t fd,
                                         uint32_t new_path,
                                         uint32_t new_path_len,
                                         wasi_shim_result *result);

/**
 * Removes a file.
 */
wasi_shim_outcome wasi_shim_path_unlink_file(const wasi_shim_context *context,
                                             uint32_t abi,
                                             uint8_t *memory,
                                             size_t memory_size,
                                             uint32_t fd,
                                             uint32_t path,
                                             uint32_t path_len,
                                             wasi_shim_result *result);

/**
 * Waits for the first of several events.
 */
wasi_shim_outcome wasi_shim_poll_oneoff(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t subscriptions,
                                        uint32_t events,
                                        uint32_t nsubscriptions,
                                        uint32_t nevents,
                                        wasi_shim_result *result);

/**
 * Ends the process. Does not return.
 */
wasi_shim_outcome wasi_shim_proc_exit(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t rval,
                                      wasi_shim_result *result);

/**
 * Sends the process a signal. Fixed answer.
 */
wasi_shim_outcome wasi_shim_proc_raise(const wasi_shim_context *context,
                                       uint32_t abi,
                                       uint8_t *memory,
                                       size_t memory_size,
                                       uint32_t sig,
                                       wasi_shim_result *result);

/**
 * Lets others run. Fixed answer.
 */
wasi_shim_outcome wasi_shim_sched_yield(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        wasi_shim_result *result);

/**
 * Fills a buffer with random bytes.
 */
wasi_shim_outcome wasi_shim_random_get(const wasi_shim_context *context,
                                       uint32_t abi,
                                       uint8_t *memory,
                                       size_t memory_size,
                                       uint32_t buf,
                                       uint32_t buf_len,
                                       wasi_shim_result *result);

/**
 * Accepts a connection on an inherited listener.
 */
wasi_shim_outcome wasi_shim_sock_accept(const wasi_shim_context *context,
                                        uint32_t abi,
                                        uint8_t *memory,
                                        size_t memory_size,
                                        uint32_t fd,
                                        uint32_t flags,
                                        uint32_t opened_fd,
                                        wasi_shim_result *result);

/**
 * Receives from a socket.
 */
wasi_shim_outcome wasi_shim_sock_recv(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t fd,
                                      uint32_t ri_data,
                                      uint32_t ri_data_len,
                                      uint32_t ri_flags,
                                      uint32_t ro_datalen,
                                      uint32_t ro_flags,
                                      wasi_shim_result *result);

/**
 * Sends on a socket.
 */
wasi_shim_outcome wasi_shim_sock_send(const wasi_shim_context *context,
                                      uint32_t abi,
                                      uint8_t *memory,
                                      size_t memory_size,
                                      uint32_t fd,
                                      uint32_t si_data,
                                      uint32_t si_data_len,
                                      uint32_t si_flags,
                                      uint32_t so_datalen,
                                      wasi_shim_result *result);

/**
 * Closes one or both directions of a socket.
 */
wasi_shim_outcome wasi_shim_sock_shutdown(const wasi_shim_context *context,
                                          uint32_t abi,
                                          uint8_t *memory,
                                          size_t memory_size,
                                          uint32_t fd,
                                          uint32_t how,
                                          wasi_shim_result *result);

/**
 * All of them but `proc_exit`, the one without a result, for hosts whose engine wants a C function for each: the name, the
 * parameters and the arguments, both in parentheses and with a comma before each. `X(fd_close, (, uint32_t fd), (, fd))`.
 * A function that takes these has no other parameter of one of their names; `context`, `memory` and `memory_size` are none.
 */
#define WASI_SHIM_FUNCTIONS(X) \
  X(args_get, (, uint32_t argv, uint32_t argv_buf), (, argv, argv_buf)) \
  X(args_sizes_get, (, uint32_t argc, uint32_t argv_buf_size), (, argc, argv_buf_size)) \
  X(environ_get, (, uint32_t environ, uint32_t environ_buf), (, environ, environ_buf)) \
  X(environ_sizes_get, (, uint32_t environc, uint32_t environ_buf_size), (, environc, environ_buf_size)) \
  X(clock_res_get, (, uint32_t id, uint32_t resolution), (, id, resolution)) \
  X(clock_time_get, (, uint32_t id, uint64_t precision, uint32_t time), (, id, precision, time)) \
  X(fd_advise, (, uint32_t fd, uint64_t offset, uint64_t len, uint32_t advice), (, fd, offset, len, advice)) \
  X(fd_allocate, (, uint32_t fd, uint64_t offset, uint64_t len), (, fd, offset, len)) \
  X(fd_close, (, uint32_t fd), (, fd)) \
  X(fd_datasync, (, uint32_t fd), (, fd)) \
  X(fd_fdstat_get, (, uint32_t fd, uint32_t stat), (, fd, stat)) \
  X(fd_fdstat_set_flags, (, uint32_t fd, uint32_t flags), (, fd, flags)) \
  X(fd_fdstat_set_rights, (, uint32_t fd, uint64_t fs_rights_base, uint64_t fs_rights_inheriting), (, fd, fs_rights_base, fs_rights_inheriting)) \
  X(fd_filestat_get, (, uint32_t fd, uint32_t stat), (, fd, stat)) \
  X(fd_filestat_set_size, (, uint32_t fd, uint64_t size), (, fd, size)) \
  X(fd_filestat_set_times, (, uint32_t fd, uint64_t atim, uint64_t mtim, uint32_t fst_flags), (, fd, atim, mtim, fst_flags)) \
  X(fd_pread, (, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset, uint32_t nread), (, fd, iovs, iovs_len, offset, nread)) \
  X(fd_prestat_get, (, uint32_t fd, uint32_t buf), (, fd, buf)) \
  X(fd_prestat_dir_name, (, uint32_t fd, uint32_t path, uint32_t path_len), (, fd, path, path_len)) \
  X(fd_pwrite, (, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset, uint32_t nwritten), (, fd, iovs, iovs_len, offset, nwritten)) \
  X(fd_read, (, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t nread), (, fd, iovs, iovs_len, nread)) \
  X(fd_readdir, (, uint32_t fd, uint32_t buf, uint32_t buf_len, uint64_t cookie, uint32_t bufused), (, fd, buf, buf_len, cookie, bufused)) \
  X(fd_renumber, (, uint32_t fd, uint32_t to), (, fd, to)) \
  X(fd_seek, (, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t newoffset), (, fd, offset, whence, newoffset)) \
  X(fd_sync, (, uint32_t fd), (, fd)) \
  X(fd_tell, (, uint32_t fd, uint32_t offset), (, fd, offset)) \
  X(fd_write, (, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t nwritten), (, fd, iovs, iovs_len, nwritten)) \
  X(path_create_directory, (, uint32_t fd, uint32_t path, uint32_t path_len), (, fd, path, path_len)) \
  X(path_filestat_get, (, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_len, uint32_t stat), (, fd, flags, path, path_len, stat)) \
  X(path_filestat_set_times, (, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_len, uint64_t atim, uint64_t mtim, uint32_t fst_flags), (, fd, flags, path, path_len, atim, mtim, fst_flags)) \
  X(path_link, (, uint32_t old_fd, uint32_t old_flags, uint32_t old_path, uint32_t old_path_len, uint32_t new_fd, uint32_t new_path, uint32_t new_path_len), (, old_fd, old_flags, old_path, old_path_len, new_fd, new_path, new_path_len)) \
  X(path_open, (, uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t path_len, uint32_t oflags, uint64_t fs_rights_base, uint64_t fs_rights_inheriting, uint32_t fdflags, uint32_t opened_fd), (, fd, dirflags, path, path_len, oflags, fs_rights_base, fs_rights_inheriting, fdflags, opened_fd)) \
  X(path_readlink, (, uint32_t fd, uint32_t path, uint32_t path_len, uint32_t buf, uint32_t buf_len, uint32_t bufused), (, fd, path, path_len, buf, buf_len, bufused)) \
  X(path_remove_directory, (, uint32_t fd, uint32_t path, uint32_t path_len), (, fd, path, path_len)) \
  X(path_rename, (, uint32_t fd, uint32_t old_path, uint32_t old_path_len, uint32_t new_fd, uint32_t new_path, uint32_t new_path_len), (, fd, old_path, old_path_len, new_fd, new_path, new_path_len)) \
  X(path_symlink, (, uint32_t old_path, uint32_t old_path_len, uint32_t fd, uint32_t new_path, uint32_t new_path_len), (, old_path, old_path_len, fd, new_path, new_path_len)) \
  X(path_unlink_file, (, uint32_t fd, uint32_t path, uint32_t path_len), (, fd, path, path_len)) \
  X(poll_oneoff, (, uint32_t subscriptions, uint32_t events, uint32_t nsubscriptions, uint32_t nevents), (, subscriptions, events, nsubscriptions, nevents)) \
  X(proc_raise, (, uint32_t sig), (, sig)) \
  X(sched_yield, (), ()) \
  X(random_get, (, uint32_t buf, uint32_t buf_len), (, buf, buf_len)) \
  X(sock_accept, (, uint32_t fd, uint32_t flags, uint32_t opened_fd), (, fd, flags, opened_fd)) \
  X(sock_recv, (, uint32_t fd, uint32_t ri_data, uint32_t ri_data_len, uint32_t ri_flags, uint32_t ro_datalen, uint32_t ro_flags), (, fd, ri_data, ri_data_len, ri_flags, ro_datalen, ro_flags)) \
  X(sock_send, (, uint32_t fd, uint32_t si_data, uint32_t si_data_len, uint32_t si_flags, uint32_t so_datalen), (, fd, si_data, si_data_len, si_flags, so_datalen)) \
  X(sock_shutdown, (, uint32_t fd, uint32_t how), (, fd, how))

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WASI_SHIM_H */
