/* Directories of the host, in memory, over others and in archives. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_host(void) {
  char path[] = "/tmp/wasi-shim-XXXXXX";
  CHECK(mkdtemp(path) != NULL);
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_host(path, &dir));
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  CHECK(open_file(context, "file", CREATE, FD_WRITE, &fd) == 0);
  CHECK(write_text(context, fd, "from a guest") == 0);
  CHECK(open_file(context, "../escape", CREATE, FD_WRITE, &fd) == PERM);
  wasi_shim_context_free(&context);

  OK(wasi_shim_dir_host(path, &dir));
  context = guest_with(dir, WASI_SHIM_ACCESS_READ_ONLY);
  CHECK(open_file(context, "file", 0, FD_WRITE, &fd) == PERM);
  char text[32];
  CHECK(open_file(context, "file", 0, FD_READ, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == 0 && strcmp(text, "from a guest") == 0);
  wasi_shim_context_free(&context);
  strcat(strcpy((char *)memory, path), "/file");
  CHECK(unlink((char *)memory) == 0 && rmdir(path) == 0);
}

/* Changes, each with a bar behind it. */
static void add_change(void *user, uint32_t change, const char *path, const char *to) {
  char *text = user;
  size_t len = strlen(text);
  snprintf(text + len, 200 - len, "%u %s %s|", (unsigned)change, path, to != NULL ? to : "-");
}

static void check_changes(wasi_shim_dir *overlay) {
  char text[200] = "";
  OK(wasi_shim_overlay_changes(overlay, add_change, text));
  CHECK(strcmp(text, "0 config -|") == 0);
  CHECK(wasi_shim_overlay_changes(overlay, NULL, text) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_overlay_changes(NULL, add_change, text) == WASI_SHIM_STATUS_NULL_POINTER);
}

static void test_overlay(void) {
  wasi_shim_dir *lower, *sub, *overlay, *shown;
  OK(wasi_shim_dir_memory(1 << 20, 100, &lower));
  OK(wasi_shim_memory_file(lower, "config", (const uint8_t *)"as delivered", 12));
  OK(wasi_shim_memory_symlink(lower, "link", "config"));
  OK(wasi_shim_memory_dir(lower, "sub", &sub));
  OK(wasi_shim_memory_file(sub, "inside", NULL, 0));
  wasi_shim_dir_free(&sub);
  OK(wasi_shim_dir_overlay(lower, NULL, &overlay));
  OK(wasi_shim_dir_read_only(overlay, &shown));

  wasi_shim_config *made = config();
  OK(wasi_shim_config_preopen(made, "/", overlay, WASI_SHIM_ACCESS_READ_WRITE));
  wasi_shim_context *writer = guest(made), *reader = guest_with(shown, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  CHECK(open_file(writer, "link", TRUNCATE, FD_WRITE, &fd) == 0);
  CHECK(write_text(writer, fd, "changed") == 0);
  char text[32];
  CHECK(open_file(reader, "sub/../config", 0, FD_READ, &fd) == 0);
  CHECK(read_text(reader, fd, text, sizeof text) == 0 && strcmp(text, "changed") == 0);
  CHECK(open_file(reader, "new", CREATE, FD_WRITE, &fd) == ROFS);

  uint8_t held[32];
  size_t len;
  OK(wasi_shim_memory_read(lower, "config", held, sizeof held, &len));
  CHECK(len == 12 && memcmp(held, "as delivered", 12) == 0);
  check_changes(overlay);
  CHECK(wasi_shim_overlay_changes(lower, add_change, NULL) == WASI_SHIM_STATUS_ARGUMENT);
  OK(wasi_shim_overlay_commit(overlay, lower));
  OK(wasi_shim_memory_read(lower, "config", held, 3, &len));
  CHECK(len == 7 && memcmp(held, "chadelivered", 12) == 0);
  wasi_shim_context_free(&writer);
  wasi_shim_context_free(&reader);
  wasi_shim_dir_free(&overlay);
  wasi_shim_dir_free(&lower);
}

static uint32_t create_dir(wasi_shim_context *context, const char *name) {
  size_t len = strlen(name);
  memcpy(memory + TEXT, name, len);
  wasi_shim_result result;
  wasi_shim_path_create_directory(context, 0, memory, MEMORY, 3, TEXT, (uint32_t)len, &result);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED);
  return result.value;
}

/* Each limit is met, and none is one that was not said. */
static void test_limits(void) {
  wasi_shim_tree_limits limits = {.entries = 2, .depth = 1};
  wasi_shim_dir *dir, *overlay;
  OK(wasi_shim_dir_memory_limited(&limits, &dir));
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  CHECK(create_dir(context, "a") == 0 && create_dir(context, "a/b") != 0);
  CHECK(create_dir(context, "b") == 0 && create_dir(context, "c") == NOSPC);
  wasi_shim_context_free(&context);

  limits = (wasi_shim_tree_limits){.names = 4096};
  OK(wasi_shim_dir_memory_limited(&limits, &dir));
  context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  char name[2] = "a";
  while (create_dir(context, name) == 0) {
    CHECK(name[0] < 'f');
    name[0] += 1;
  }
  wasi_shim_context_free(&context);

  OK(wasi_shim_dir_memory(0, 0, &dir));
  /* The root, which is changed, and one file. */
  limits = (wasi_shim_tree_limits){.bytes = 4096, .inodes = 2};
  OK(wasi_shim_dir_overlay_limited(dir, NULL, &limits, &overlay));
  context = guest_with(overlay, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[5000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  CHECK(open_file(context, "file", CREATE, FD_WRITE, &fd) == 0);
  CHECK(write_text(context, fd, text) == 0 && get32(RESULT) == 4096);
  CHECK(write_text(context, fd, "x") == NOSPC && create_dir(context, "a") == NOSPC);
  wasi_shim_context_free(&context);
  CHECK(wasi_shim_dir_overlay_limited(NULL, NULL, &limits, &overlay) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_dir_overlay_limited(dir, NULL, NULL, &overlay) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_dir_free(&dir);
  CHECK(wasi_shim_dir_memory_limited(NULL, &dir) == WASI_SHIM_STATUS_NULL_POINTER && dir == NULL);
}

/* A tar with one file, as POSIX has it. */
static size_t tar(uint8_t *to, const char *name, const char *content) {
  memset(to, 0, 2048);
  char *header = (char *)to;
  strcpy(header, name);
  sprintf(header + 100, "%07o", 0644);
  sprintf(header + 108, "%07o", 0);
  sprintf(header + 116, "%07o", 0);
  sprintf(header + 124, "%011o", (unsigned)strlen(content));
  sprintf(header + 136, "%011o", 0);
  memset(header + 148, ' ', 8);
  header[156] = '0';
  memcpy(header + 257, "ustar\00000", 8);
  unsigned sum = 0;
  for (int at = 0; at < 512; at += 1) {
    sum += to[at];
  }
  sprintf(header + 148, "%06o", sum);
  memcpy(to + 512, content, strlen(content));
  return 2048;
}

static void test_archive(void) {
  uint8_t bytes[2048];
  size_t len = tar(bytes, "dir/file", "from an archive");
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_archive_bytes(bytes, len, NULL, &dir));
  memset(bytes, 0xff, sizeof bytes);
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t fd;
  char text[32];
  CHECK(open_file(context, "dir/file", 0, FD_READ, &fd) == 0);
  CHECK(read_text(context, fd, text, sizeof text) == 0 && strcmp(text, "from an archive") == 0);
  CHECK(open_file(context, "dir/new", CREATE, FD_WRITE, &fd) == ROFS);
  wasi_shim_context_free(&context);
  CHECK(wasi_shim_dir_archive("/nowhere.tar", NULL, &dir) == WASI_SHIM_STATUS_ARCHIVE && dir == NULL);
}

/* Limits, those that are not said among them, and what is left out. */
static void test_archive_limits(void) {
  uint8_t bytes[4096];
  size_t len = tar(bytes, "dir/file", "from an archive") - 1024;
  len += tar(bytes + len, "dir/../file", "nowhere");
  wasi_shim_archive_limits limits = {.members = 1};
  wasi_shim_dir *dir;
  CHECK(wasi_shim_dir_archive_bytes(bytes, len, &limits, &dir) == WASI_SHIM_STATUS_ARCHIVE);
  CHECK(strstr(message(), "more members than 1, which is the limit; wasi_shim_archive_limits has") != NULL);
  limits = (wasi_shim_archive_limits){.names = 3};
  CHECK(wasi_shim_dir_archive_bytes(bytes, len, &limits, &dir) == WASI_SHIM_STATUS_ARCHIVE);
  limits = (wasi_shim_archive_limits){.members = 10, .checkpoints = 1};
  OK(wasi_shim_dir_archive_bytes(bytes, len, &limits, &dir));

  uint64_t count;
  OK(wasi_shim_archive_skipped(dir, &count));
  CHECK(count == 1);
  uint8_t words[64];
  size_t size;
  OK(wasi_shim_archive_skipped_words(dir, 0, words, sizeof words, &size));
  CHECK(size > 11 && size < sizeof words && memcmp(words, "dir/../file: the name has a `..`", size) == 0);
  OK(wasi_shim_archive_skipped_words(dir, 0, words, 3, &size));
  CHECK(memcmp(words, "dir", 3) == 0);
  OK(wasi_shim_archive_skipped_words(dir, 1, NULL, 0, &size));
  CHECK(size == 0);
  wasi_shim_dir_free(&dir);
  OK(wasi_shim_dir_memory(0, 0, &dir));
  CHECK(wasi_shim_archive_skipped(dir, &count) == WASI_SHIM_STATUS_ARGUMENT);
  wasi_shim_dir_free(&dir);
}

/* A directory that the host has open stays the host's. */
static void test_descriptor(void) {
  char path[] = "/tmp/wasi-shim-XXXXXX";
  CHECK(mkdtemp(path) != NULL);
  int fd = open(path, O_RDONLY | O_DIRECTORY);
  CHECK(fd >= 0);
  wasi_shim_dir *dir;
  OK(wasi_shim_dir_descriptor(fd, &dir));
  CHECK(close(fd) == 0);
  CHECK(wasi_shim_dir_descriptor(fd, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_context *context = guest_with(dir, WASI_SHIM_ACCESS_READ_WRITE);
  uint32_t opened;
  CHECK(open_file(context, "file", CREATE, FD_WRITE, &opened) == 0);
  wasi_shim_context_free(&context);
  strcat(strcpy((char *)memory, path), "/file");
  CHECK(unlink((char *)memory) == 0 && rmdir(path) == 0);
  fd = open("/dev/null", O_RDONLY);
  CHECK(wasi_shim_dir_descriptor(fd, &dir) == WASI_SHIM_STATUS_SYSTEM && dir == NULL);
  CHECK(close(fd) == 0);
  CHECK(wasi_shim_dir_descriptor(-1, &dir) == WASI_SHIM_STATUS_SYSTEM);
}

void test_trees(void) {
  test_host();
  test_overlay();
  test_limits();
  test_archive();
  test_archive_limits();
  test_descriptor();
}
