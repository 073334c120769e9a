/* What the tests in C share: a check that says where it failed, a guest's memory, and calls in it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi_shim.h>

#define CHECK(condition)                                                         \
  do {                                                                           \
    if (!(condition)) {                                                          \
      char words[512];                                                           \
      wasi_shim_message((uint8_t *)words, sizeof words);                         \
      fprintf(stderr, "%s:%d: not so: %s (last: %s)\n", __FILE__, __LINE__, #condition, words); \
      exit(1);                                                                   \
    }                                                                            \
  } while (0)

#define OK(call) CHECK((call) == WASI_SHIM_STATUS_OK)

enum { BADF = 8, AGAIN = 6, BUSY = 10, DQUOT = 19, EXIST = 20, FAULT = 21, FBIG = 22, INVAL = 28, IO = 29, MFILE = 33,
       NOENT = 44, NOSPC = 51, NOTDIR = 54, PERM = 63, ROFS = 69, XDEV = 75 };

/* The first half is for arguments, the second for what is read. */
enum { MEMORY = 65536, TEXT = 1024, VECTOR = 16, RESULT = 8, BUFFER = 32768 };
extern _Alignas(8) uint8_t memory[MEMORY];

void put32(uint32_t at, uint32_t value);
uint32_t get32(uint32_t at);

/* The message of what went wrong last; there until the next call. */
const char *message(void);

/* A guest of a configuration, which is freed. */
wasi_shim_context *guest(wasi_shim_config *config);
wasi_shim_config *config(void);

/* A guest with one directory, which is freed, as descriptor 3. */
wasi_shim_context *guest_with(wasi_shim_dir *dir, uint32_t access);

/* Calls that have to return; the error code. */
uint32_t write_text(wasi_shim_context *context, uint32_t fd, const char *text);
uint32_t open_file(wasi_shim_context *context, const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd);
uint32_t read_text(wasi_shim_context *context, uint32_t fd, char *text, uint32_t room);

enum { CREATE = 1, DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8 };
enum { FD_READ = 2, FD_WRITE = 64, FD_FILESTAT_GET = 1 << 21 };

void test_errors(void);
void test_calls(void);
void test_trees(void);
void test_callbacks(void);
void test_within(void);
void test_composed(void);
void test_waiting(void);
void test_ending(void);

#endif
