/* Trees that are made of others: mounts, quotas, snapshots, copies, devices; and streams that are told or kept. */
#include "check.h"

static wasi_shim_dir *memory_dir(void) {
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_memory(1 << 20, 100, &dir));
  return dir;
}

static uint32_t rename_name(wasi_shim_context *context, const char *from, const char *to) {
  size_t len = strlen(from);
  memcpy(memory + TEXT, from, len);
  memcpy(memory + TEXT + len, to, strlen(to));
  wasi_shim_result result;
  wasi_shim_path_rename(context, 0, memory, MEMORY, 3, TEXT, (uint32_t)len, 3, (uint32_t)(TEXT + len),
                        (uint32_t)strlen(to), &result);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED);
  return result.value;
}

static void test_mounts(void) {
  wasi_shim_dir *root = memory_dir(), *lib = memory_dir(), *shown, *all;
  OK(wasi_shim_memory_file(root, "file", (const uint8_t *)"at the root", 11));
  OK(wasi_shim_memory_file(lib, "libz.so", (const uint8_t *)"mounted", 7));
  OK(wasi_shim_dir_read_only(lib, &shown));
  wasi_shim_mounts *mounts;
  OK(wasi_shim_mounts_new(&mounts));
  OK(wasi_shim_mounts_add(mounts, "/usr/lib", shown));
  OK(wasi_shim_mounts_add(mounts, "/", root));
  CHECK(wasi_shim_mounts_add(mounts, "/x", NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_mounts_add(NULL, "/x", root) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_dir_free(&shown);
  OK(wasi_shim_dir_mounts(mounts, &all));

  wasi_shim_context *context = guest_with(all, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[32];
  CHECK(open_file(context, "usr/lib/libz.so", 0, FD_READ, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == 0 && strcmp(text, "mounted") == 0);
  CHECK(open_file(context, "usr/lib/new", CREATE, FD_WRITE, &fd) == ROFS);
  CHECK(open_file(context, "usr/lib/../../new", CREATE, FD_WRITE, &fd) == 0);
  CHECK(rename_name(context, "file", "usr/lib/file") == XDEV);
  CHECK(rename_name(context, "usr/lib", "usr/bin") == BUSY);
  wasi_shim_context_free(&context);

  /* What cannot be mounted is found when it is. */
  OK(wasi_shim_mounts_add(mounts, "/file/below", lib));
  CHECK(wasi_shim_dir_mounts(mounts, &all) == WASI_SHIM_STATUS_FILESYSTEM && all == NULL);
  CHECK(strstr(message(), "\"/file\" is in the way") == message());
  wasi_shim_mounts_free(&mounts);
  OK(wasi_shim_mounts_new(&mounts));
  OK(wasi_shim_mounts_add(mounts, "relative", lib));
  CHECK(wasi_shim_dir_mounts(mounts, &all) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(strstr(message(), "\"relative\"") != NULL);
  wasi_shim_mounts_free(&mounts);
  wasi_shim_mounts_free(&mounts);
  CHECK(wasi_shim_dir_mounts(NULL, &all) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_dir_free(&root);
  wasi_shim_dir_free(&lib);
}

static void test_quota(void) {
  wasi_shim_dir *inner = memory_dir(), *quota;
  OK(wasi_shim_memory_file(inner, "held", (const uint8_t *)"12345", 5));
  OK(wasi_shim_dir_quota(inner, 8, 2, &quota));
  wasi_shim_usage usage;
  OK(wasi_shim_dir_usage(quota, &usage));
  CHECK(usage.bytes == 5 && usage.inodes == 1);
  wasi_shim_config *made = config();
  OK(wasi_shim_config_preopen(made, "/", quota, WASI_SHIM_ACCESS_READ_WRITE));
  wasi_shim_context *context = guest(made);
  uint32_t fd;
  CHECK(open_file(context, "new", CREATE, FD_WRITE, &fd) == 0);
  CHECK(write_text(context, fd, "abcdef") == 0 && get32(RESULT) == 3);
  CHECK(write_text(context, fd, "def") == DQUOT);
  CHECK(open_file(context, "third", CREATE, FD_WRITE, &fd) == DQUOT);
  OK(wasi_shim_dir_usage(quota, &usage));
  CHECK(usage.bytes == 8 && usage.inodes == 2);
  wasi_shim_context_free(&context);
  wasi_shim_dir_free(&quota);

  OK(wasi_shim_dir_usage(inner, &usage));
  CHECK(usage.bytes == 2 * 4096 && usage.inodes == 2);
  OK(wasi_shim_dir_quota(inner, UINT64_MAX, UINT64_MAX, &quota));
  context = guest_with(quota, WASI_SHIM_ACCESS_READ_WRITE);
  CHECK(open_file(context, "third", CREATE, FD_WRITE, &fd) == 0);
  wasi_shim_context_free(&context);
  OK(wasi_shim_dir_read_only(inner, &quota));
  CHECK(wasi_shim_dir_usage(quota, &usage) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(wasi_shim_dir_usage(inner, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_dir_free(&quota);
  wasi_shim_dir_free(&inner);
}

static void test_snapshot_and_copy(void) {
  wasi_shim_dir *tree = memory_dir(), *before, *copy = memory_dir(), *sub;
  OK(wasi_shim_memory_dir(tree, "sub", &sub));
  OK(wasi_shim_memory_file(sub, "file", (const uint8_t *)"before", 6));
  OK(wasi_shim_memory_snapshot(tree, &before));
  OK(wasi_shim_memory_file(sub, "file", (const uint8_t *)"after", 5));
  wasi_shim_dir_free(&sub);
  uint8_t held[8];
  size_t len;
  OK(wasi_shim_memory_dir(before, "sub", &sub));
  OK(wasi_shim_memory_read(sub, "file", held, sizeof held, &len));
  CHECK(len == 6 && memcmp(held, "before", 6) == 0);
  wasi_shim_dir_free(&sub);

  OK(wasi_shim_dir_copy(tree, copy));
  OK(wasi_shim_memory_dir(copy, "sub", &sub));
  OK(wasi_shim_memory_read(sub, "file", held, sizeof held, &len));
  CHECK(len == 5 && memcmp(held, "after", 5) == 0);
  wasi_shim_dir_free(&sub);
  CHECK(wasi_shim_dir_copy(before, copy) == WASI_SHIM_STATUS_FILESYSTEM);
  CHECK(strstr(message(), "\"sub/file\" could not be written") == message());
  CHECK(wasi_shim_dir_copy(before, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  OK(wasi_shim_dir_read_only(before, &sub));
  wasi_shim_dir_free(&before);
  CHECK(wasi_shim_memory_snapshot(sub, &before) == WASI_SHIM_STATUS_ARGUMENT && before == NULL);
  wasi_shim_dir_free(&sub);
  wasi_shim_dir_free(&tree);
  wasi_shim_dir_free(&copy);
}

/* A file of this program's that takes all that is written. */
struct disk {
  uint8_t bytes[16];
  size_t size;
};

static uint16_t disk_stat(void *user, wasi_shim_filestat *stat) {
  stat->size = ((struct disk *)user)->size;
  return 0;
}

static uint16_t disk_read(void *user, uint8_t *buffer, size_t len, uint64_t offset, size_t *count) {
  const struct disk *disk = user;
  size_t left = offset < disk->size ? disk->size - (size_t)offset : 0;
  *count = left < len ? left : len;
  memcpy(buffer, disk->bytes + disk->size - left, *count);
  return 0;
}

static uint16_t disk_write(void *user, const uint8_t *bytes, size_t len, uint64_t offset, size_t *count) {
  struct disk *disk = user;
  CHECK(offset + len <= sizeof disk->bytes);
  memcpy(disk->bytes + offset, bytes, len);
  disk->size = offset + len > disk->size ? (size_t)offset + len : disk->size;
  *count = len;
  return 0;
}

static void test_devices(void) {
  static const wasi_shim_file_callbacks callbacks = {
      .stat = disk_stat, .read_at = disk_read, .write_at = disk_write};
  struct disk disk = {.size = 0};
  wasi_shim_stream *output;
  OK(wasi_shim_stream_capture(100, &output));
  wasi_shim_devices *devices;
  OK(wasi_shim_devices_new(true, &devices));
  OK(wasi_shim_devices_stream(devices, "log", output));
  OK(wasi_shim_devices_file(devices, "disk", &callbacks, &disk, true, 4));
  OK(wasi_shim_devices_file(devices, "rom", &callbacks, &disk, false, 0));
  OK(wasi_shim_devices_symlink(devices, "stdlog", "log"));
  wasi_shim_dir *dir = memory_dir();
  OK(wasi_shim_devices_dir(devices, "shm", dir));
  wasi_shim_dir_free(&dir);
  CHECK(wasi_shim_devices_stream(devices, "x", NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_devices_file(devices, "x", NULL, NULL, false, 0) == WASI_SHIM_STATUS_NULL_POINTER);
  OK(wasi_shim_dir_devices(devices, &dir));

  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[32];
  CHECK(open_file(context, "zero", 0, FD_READ, &fd) == 0);
  CHECK(read_text(context, fd, text, 4) == 0 && get32(RESULT) == 3 && memcmp(text, "\0\0\0", 3) == 0);
  CHECK(open_file(context, "null", 0, FD_WRITE, &fd) == 0 && write_text(context, fd, "nowhere") == 0);
  CHECK(open_file(context, "urandom", 0, FD_READ, &fd) == 0 && read_text(context, fd, text, 4) == 0);
  CHECK(open_file(context, "stdlog", 0, FD_WRITE, &fd) == 0 && write_text(context, fd, "said") == 0);
  CHECK(open_file(context, "disk", 0, FD_READ | FD_WRITE, &fd) == 0);
  CHECK(write_text(context, fd, "abcdef") == 0 && get32(RESULT) == 4 && disk.size == 4);
  CHECK(write_text(context, fd, "ef") == FBIG);
  CHECK(open_file(context, "rom", 0, FD_WRITE, &fd) == ROFS);
  CHECK(open_file(context, "rom", 0, FD_READ, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == 0 && strcmp(text, "abcd") == 0);
  CHECK(open_file(context, "shm/new", CREATE, FD_WRITE, &fd) == 0);
  CHECK(open_file(context, "new", CREATE, FD_WRITE, &fd) == ROFS);
  wasi_shim_context_free(&context);
  uint8_t said[8];
  size_t len;
  OK(wasi_shim_capture_read(output, said, sizeof said, &len));
  CHECK(len == 4 && memcmp(said, "said", 4) == 0);
  wasi_shim_stream_free(&output);

  OK(wasi_shim_devices_symlink(devices, "a/b", "log"));
  CHECK(wasi_shim_dir_devices(devices, &dir) == WASI_SHIM_STATUS_ARGUMENT && dir == NULL);
  wasi_shim_devices_free(&devices);
  wasi_shim_devices_free(&devices);
}

/* Lines, each with a bar behind it. */
struct lines {
  char text[64];
  int drops;
};

static void add_line(void *user, const uint8_t *line, size_t len) {
  char *text = ((struct lines *)user)->text;
  strncat(text, (const char *)line, len);
  strcat(text, "|");
}

static void drop_lines(void *user) { ((struct lines *)user)->drops += 1; }

static void test_log(void) {
  struct lines lines = {.drops = 0};
  wasi_shim_stream *log, *terminal, *null;
  CHECK(wasi_shim_stream_log(8, NULL, &lines, drop_lines, &log) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(log == NULL && lines.drops == 0);
  OK(wasi_shim_stream_log(8, add_line, &lines, drop_lines, &log));
  OK(wasi_shim_stream_terminal(8, &terminal));
  OK(wasi_shim_stream_null(&null));
  wasi_shim_config *made = config();
  OK(wasi_shim_config_stdio(made, 0, null));
  OK(wasi_shim_config_stdio(made, 1, log));
  OK(wasi_shim_config_stdio(made, 2, terminal));
  wasi_shim_stream_free(&log);
  wasi_shim_stream_free(&null);
  wasi_shim_context *context = guest(made);
  CHECK(write_text(context, 1, "one\n\nfar too long\nend") == 0);
  CHECK(strcmp(lines.text, "one||far too |long|") == 0);
  CHECK(write_text(context, 2, "shown") == 0);
  wasi_shim_result result;
  wasi_shim_fd_fdstat_get(context, 0, memory, MEMORY, 2, TEXT, &result);
  CHECK(result.value == 0 && memory[TEXT] == 2);
  char text[8];
  CHECK(read_text(context, 0, text, sizeof text) == 0 && get32(RESULT) == 0);
  wasi_shim_context_free(&context);
  CHECK(strcmp(lines.text, "one||far too |long|end|") == 0 && lines.drops == 1);
  uint8_t shown[8];
  size_t len;
  OK(wasi_shim_capture_read(terminal, shown, sizeof shown, &len));
  CHECK(len == 5 && memcmp(shown, "shown", 5) == 0);
  OK(wasi_shim_capture_clear(terminal));
  OK(wasi_shim_capture_read(terminal, NULL, 0, &len));
  CHECK(len == 0);
  wasi_shim_stream_free(&terminal);
}

void test_composed(void) {
  test_mounts();
  test_quota();
  test_snapshot_and_copy();
  test_devices();
  test_log();
}
