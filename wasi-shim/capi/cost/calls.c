/*
 * What a call costs a host in C: the same three through wasi_shim_call, through the functions by name, and what a program
 * without WASI would call, in turns. The least of all turns counts: what else the machine does only makes one longer.
 *
 *     calls [TURNS]
 */
#include <wasi_shim.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 1 << 16, REWIND = 1024, BYTES = 64, FILE_FD = 4 };
enum { VECTOR = 16, PATH = 64, RESULT = 8, BUFFER = 1024 };

static _Alignas(8) uint8_t memory[65536];
static wasi_shim_context *guest;
static int native;

static void fail(const char *what) {
  char words[256];
  wasi_shim_message((uint8_t *)words, sizeof words);
  fprintf(stderr, "%s: %s\n", what, words);
  exit(1);
}

static void done(wasi_shim_outcome outcome, const wasi_shim_result *result, const char *what) {
  if (outcome != WASI_SHIM_OUTCOME_RETURNED || result->value != 0) {
    fail(what);
  }
}

static void by_number(uint32_t function, const uint64_t *args, size_t count) {
  wasi_shim_result result;
  done(wasi_shim_call(guest, 0, function, memory, sizeof memory, args, count, &result), &result, "a call by number");
}

static void seek_plain(void) {
  if (lseek(native, 0, SEEK_SET) != 0) {
    fail("lseek");
  }
}

static void seek_named(void) {
  wasi_shim_result result;
  done(wasi_shim_fd_seek(guest, 0, memory, sizeof memory, FILE_FD, 0, 0, RESULT, &result), &result, "fd_seek");
}

static void seek_numbered(void) {
  const uint64_t args[] = {FILE_FD, 0, 0, RESULT};
  by_number(WASI_SHIM_FUNCTION_FD_SEEK, args, 4);
}

static void clock_plain(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
    fail("clock_gettime");
  }
}

static void clock_named(void) {
  wasi_shim_result result;
  done(wasi_shim_clock_time_get(guest, 0, memory, sizeof memory, 1, 1, RESULT, &result), &result, "clock_time_get");
}

static void clock_numbered(void) {
  const uint64_t args[] = {1, 1, RESULT};
  by_number(WASI_SHIM_FUNCTION_CLOCK_TIME_GET, args, 3);
}

static void write_plain(void) {
  if (write(native, memory + BUFFER, BYTES) != BYTES) {
    fail("write");
  }
}

static void write_named(void) {
  wasi_shim_result result;
  done(wasi_shim_fd_write(guest, 0, memory, sizeof memory, FILE_FD, VECTOR, 1, RESULT, &result), &result, "fd_write");
}

static void write_numbered(void) {
  const uint64_t args[] = {FILE_FD, VECTOR, 1, RESULT};
  by_number(WASI_SHIM_FUNCTION_FD_WRITE, args, 4);
}

struct measure {
  const char *what;
  void (*call)(void);
  void (*rewind)(void);
  double least;
};

static struct measure measures[] = {
    {"lseek", seek_plain, NULL, 0},
    {"fd_seek by name", seek_named, NULL, 0},
    {"fd_seek by number", seek_numbered, NULL, 0},
    {"clock_gettime", clock_plain, NULL, 0},
    {"clock_time_get by name", clock_named, NULL, 0},
    {"clock_time_get by number", clock_numbered, NULL, 0},
    {"write of 64 bytes", write_plain, seek_plain, 0},
    {"fd_write by name", write_named, seek_named, 0},
    {"fd_write by number", write_numbered, seek_named, 0},
};

enum { MEASURES = sizeof measures / sizeof measures[0] };

static double nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What one call takes, on average of one turn. A file is written from its start again now and then. */
static double turn(const struct measure *measure) {
  double start = nanoseconds();
  for (int at = 0; at < CALLS; at += 1) {
    if (measure->rewind != NULL && at % REWIND == 0) {
      measure->rewind();
    }
    measure->call();
  }
  return (nanoseconds() - start) / CALLS;
}

static void check(wasi_shim_status status, const char *what) {
  if (status != WASI_SHIM_STATUS_OK) {
    fail(what);
  }
}

/* A guest with a file in memory open as descriptor 4, and a file in memory of the system's. */
static void prepare(void) {
  wasi_shim_config *config;
  wasi_shim_dir *dir;
  check(wasi_shim_config_new(&config), "a configuration");
  check(wasi_shim_dir_memory(0, 0, &dir), "a directory");
  check(wasi_shim_memory_file(dir, "file", NULL, 0), "a file");
  check(wasi_shim_config_preopen(config, "/", dir, WASI_SHIM_ACCESS_READ_WRITE), "the root");
  check(wasi_shim_context_new(config, &guest), "a guest");
  wasi_shim_dir_free(&dir);
  wasi_shim_config_free(&config);

  memcpy(memory + PATH, "file", 4);
  const uint32_t vector[] = {BUFFER, BYTES};
  memcpy(memory + VECTOR, vector, sizeof vector);
  wasi_shim_result result;
  /* fd_read, fd_seek and fd_write. */
  const uint64_t rights = 2 | 4 | 64;
  done(wasi_shim_path_open(guest, 0, memory, sizeof memory, 3, 0, PATH, 4, 0, rights, 0, 0, RESULT, &result), &result,
       "opening the file");
  if (memory[RESULT] != FILE_FD) {
    fail("the file has another number");
  }
  native = memfd_create("file", 0);
  if (native < 0) {
    fail("memfd_create");
  }
}

int main(int argc, char **argv) {
  int turns = argc > 1 ? atoi(argv[1]) : 50;
  prepare();
  for (int at = 0; at < turns; at += 1) {
    for (int which = 0; which < MEASURES; which += 1) {
      double took = turn(&measures[which]);
      if (at == 0 || took < measures[which].least) {
        measures[which].least = took;
      }
    }
  }
  printf("%-26s %10s %8s\n", "", "ns a call", "ratio");
  for (int which = 0; which < MEASURES; which += 1) {
    double plain = measures[which - which % 3].least;
    printf("%-26s %10.1f %8.2f\n", measures[which].what, measures[which].least, measures[which].least / plain);
  }
  wasi_shim_context_free(&guest);
  close(native);
  return 0;
}
