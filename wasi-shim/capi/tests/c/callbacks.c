/* A filesystem that this program answers for: one that is good, and one that lies. */
#include "check.h"

/* What both have: a note of what was called, and of what was dropped. */
struct place {
  const char *content;
  char note[64];
  int drops;
};

/* What it is, need not be said. */
static uint16_t file_stat(void *user, wasi_shim_filestat *stat) {
  stat->ino = 7;
  stat->size = strlen(((struct place *)user)->content);
  stat->mtim = 1234567890;
  return 0;
}

static uint16_t file_read(void *user, uint8_t *buffer, size_t len, uint64_t offset, size_t *count) {
  const char *content = ((struct place *)user)->content;
  size_t size = strlen(content);
  *count = offset >= size ? 0 : size - offset < len ? size - offset : len;
  memcpy(buffer, content + (offset >= size ? size : offset), *count);
  return 0;
}

static uint16_t file_write(void *user, const uint8_t *bytes, size_t len, uint64_t offset, size_t *count) {
  struct place *place = user;
  snprintf(place->note, sizeof place->note, "%.*s at %d", (int)len, (const char *)bytes, (int)offset);
  *count = len;
  return 0;
}

static void drop(void *user) { ((struct place *)user)->drops += 1; }

static const wasi_shim_file_callbacks FILE_CALLBACKS = {
    .stat = file_stat, .read_at = file_read, .write_at = file_write, .drop = drop};

static uint16_t dir_stat(void *user, const char *name, wasi_shim_filestat *stat) {
  if (name == NULL || strcmp(name, "sub") == 0) {
    stat->kind = 3;
    stat->ino = 1;
    return 0;
  }
  if (strcmp(name, "hello") == 0) {
    stat->kind = 4;
    return file_stat(user, stat);
  }
  return NOENT;
}

static uint16_t dir_open(void *user, const char *name, const wasi_shim_open_how *how, wasi_shim_found *found);

static uint16_t dir_list(void *user, wasi_shim_listing *listing) {
  (void)user;
  return wasi_shim_listing_add(listing, "hello", 7, 4) && wasi_shim_listing_add(listing, "sub", 0, 0) &&
                 wasi_shim_listing_add(listing, "\xff", 9, 99)
             ? 0
             : IO;
}

static uint16_t dir_create(void *user, const char *name) {
  struct place *place = user;
  snprintf(place->note, sizeof place->note, "mkdir %s", name);
  return EXIST;
}

static uint16_t dir_rename(void *user, const char *from, void *target, const char *to) {
  struct place *place = user;
  snprintf(place->note, sizeof place->note, "%s to %s, %s", from, to, user == target ? "here" : "elsewhere");
  return 0;
}

static const wasi_shim_dir_callbacks DIR_CALLBACKS = {.stat = dir_stat,
                                                      .open = dir_open,
                                                      .list = dir_list,
                                                      .create_dir = dir_create,
                                                      .rename = dir_rename,
                                                      .drop = drop};

static uint16_t dir_open(void *user, const char *name, const wasi_shim_open_how *how, wasi_shim_found *found) {
  if (strcmp(name, "hello") == 0) {
    return how->exclusive ? EXIST : wasi_shim_found_file(found, &FILE_CALLBACKS, user) != WASI_SHIM_STATUS_OK;
  }
  if (strcmp(name, "sub") == 0) {
    return wasi_shim_found_dir(found, &DIR_CALLBACKS, user) != WASI_SHIM_STATUS_OK;
  }
  if (strcmp(name, "link") == 0) {
    return wasi_shim_found_symlink(found, "sub/../hello") != WASI_SHIM_STATUS_OK;
  }
  return NOENT;
}

static void test_good(void) {
  struct place place = {.content = "made up"};
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_new(&DIR_CALLBACKS, &place, &dir));
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[32];
  CHECK(open_file(context, "sub/sub/hello", 0, FD_READ | FD_FILESTAT_GET, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == 0 && strcmp(text, "made up") == 0);
  wasi_shim_result result;
  wasi_shim_fd_filestat_get(context, 0, memory, MEMORY, fd, TEXT, &result);
  CHECK(result.value == 0 && memory[TEXT + 16] == 4);
  CHECK(open_file(context, "link", 0, FD_READ | FD_WRITE, &fd) == 0);
  CHECK(read_text(context, fd, text, 5) == 0 && strcmp(text, "made") == 0);
  CHECK(write_text(context, fd, "written") == 0 && strcmp(place.note, "written at 4") == 0);
  CHECK(open_file(context, "hello", CREATE | EXCLUSIVE, FD_WRITE, &fd) == EXIST);
  CHECK(open_file(context, "../hello", 0, FD_READ, &fd) == PERM);
  CHECK(open_file(context, "missing", 0, FD_READ, &fd) == NOENT);
  CHECK(open_file(context, "hello/", 0, FD_READ, &fd) == NOTDIR);

  memcpy(memory + TEXT, "sub/name", 8);
  wasi_shim_path_create_directory(context, 0, memory, MEMORY, 3, TEXT, 8, &result);
  CHECK(result.value == EXIST && strcmp(place.note, "mkdir name") == 0);
  wasi_shim_path_rename(context, 0, memory, MEMORY, 3, TEXT, 8, 3, TEXT, 3, &result);
  CHECK(result.value == 0 && strcmp(place.note, "name to sub, here") == 0);
  wasi_shim_path_remove_directory(context, 0, memory, MEMORY, 3, TEXT, 3, &result);
  CHECK(result.value == ROFS);
  /* Two entries can be told; `.` and `..` are the library's. */
  wasi_shim_fd_readdir(context, 0, memory, MEMORY, 3, BUFFER, 1024, 0, RESULT, &result);
  CHECK(result.value == 0 && get32(RESULT) == 4 * 24 + 1 + 2 + 5 + 3);

  int before = place.drops;
  wasi_shim_context_free(&context);
  /* The root, and the two files that were open. */
  CHECK(place.drops == before + 3);
}

/* Each of these says that all went well, and something that cannot be. */
static uint16_t lying_stat(void *user, const char *name, wasi_shim_filestat *stat) {
  (void)user;
  stat->kind = name == NULL ? 3 : 99;
  return 0;
}

static uint16_t lying_read(void *user, uint8_t *buffer, size_t len, uint64_t offset, size_t *count) {
  (void)user, (void)buffer, (void)offset;
  *count = len + 1;
  return 0;
}

/* First too much, then nothing at all. */
static uint16_t lying_write(void *user, const uint8_t *bytes, size_t len, uint64_t offset, size_t *count) {
  static size_t lie = SIZE_MAX;
  (void)user, (void)bytes, (void)len, (void)offset;
  *count = lie;
  lie = 0;
  return 0;
}

static uint16_t lying_open(void *user, const char *name, const wasi_shim_open_how *how, wasi_shim_found *found) {
  static const wasi_shim_file_callbacks lies = {.stat = file_stat, .read_at = lying_read, .write_at = lying_write};
  (void)how;
  switch (*name) {
  case 'f':
    return wasi_shim_found_file(found, &lies, user) != WASI_SHIM_STATUS_OK;
  case 'i':
    CHECK(wasi_shim_found_file(found, NULL, user) == WASI_SHIM_STATUS_NULL_POINTER);
    CHECK(wasi_shim_found_dir(found, &(wasi_shim_dir_callbacks){.stat = lying_stat}, user) ==
          WASI_SHIM_STATUS_NULL_POINTER);
    CHECK(wasi_shim_found_symlink(found, "\xff") == WASI_SHIM_STATUS_ARGUMENT);
    return 0;
  case 'u':
    return 60000;
  default:
    return 0;
  }
}

static void test_lies(void) {
  struct place place = {.content = "x"};
  wasi_shim_dir_callbacks lies = {.stat = lying_stat, .open = lying_open};
  wasi_shim_dir *dir;
  CHECK(wasi_shim_dir_new(&lies, &place, &dir) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(strcmp(message(), "list is a null pointer") == 0);
  lies.list = dir_list;
  OK(wasi_shim_dir_new(&lies, &place, &dir));
  memset(&lies, 0, sizeof lies);
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[32];
  CHECK(open_file(context, "file", 0, FD_READ | FD_WRITE, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == IO);
  CHECK(write_text(context, fd, "text") == IO);
  CHECK(write_text(context, fd, "text") == IO);
  CHECK(open_file(context, "incomplete", 0, FD_READ, &fd) == IO);
  CHECK(open_file(context, "unknown", 0, FD_READ, &fd) == IO);
  CHECK(open_file(context, "nothing", 0, FD_READ, &fd) == IO);
  wasi_shim_result result;
  memcpy(memory + TEXT, "kind", 4);
  wasi_shim_path_filestat_get(context, 0, memory, MEMORY, 3, 0, TEXT, 4, RESULT, &result);
  CHECK(result.value == IO);
  wasi_shim_context_free(&context);
}

/* A callback may use the guest it is called by, in another memory, and free it. */
static uint16_t freeing_stat(void *user, const char *name, wasi_shim_filestat *stat) {
  wasi_shim_context **context = user;
  _Alignas(8) uint8_t other[64];
  wasi_shim_result result;
  wasi_shim_clock_time_get(*context, 0, other, sizeof other, 1, 0, 0, &result);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0);
  wasi_shim_context_free(context);
  stat->kind = name == NULL ? 3 : 4;
  return 0;
}

static void test_freed_within(void) {
  wasi_shim_context *context;
  wasi_shim_dir_callbacks callbacks = {.stat = freeing_stat, .open = dir_open, .list = dir_list};
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_new(&callbacks, &context, &dir));
  context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  wasi_shim_result result;
  memcpy(memory + TEXT, "name", 4);
  CHECK(wasi_shim_path_filestat_get(context, 0, memory, MEMORY, 3, 0, TEXT, 4, RESULT, &result) ==
        WASI_SHIM_OUTCOME_RETURNED);
  CHECK(result.value == 0 && context == NULL);
}

void test_callbacks(void) {
  test_good();
  test_lies();
  test_freed_within();
}
