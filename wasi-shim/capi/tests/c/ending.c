/* What is done to a guest from outside while it runs: how it ends, and what it is given. */
#include "check.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint32_t how;

enum { CANCEL, EXIT, DEADLINE, WAYS };

static void *end_soon(void *user) {
  wasi_shim_context *context = user;
  CHECK(!wasi_shim_ended(context));
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  if (how == CANCEL) {
    wasi_shim_cancel(context);
  } else if (how == EXIT) {
    wasi_shim_exit(context, 77);
  } else {
    OK(wasi_shim_set_deadline(context, 1000000));
  }
  return NULL;
}

static void check_end(wasi_shim_outcome outcome, const wasi_shim_result *result) {
  CHECK(outcome == result->outcome && result->blocked == NULL);
  if (how == EXIT) {
    CHECK(outcome == WASI_SHIM_OUTCOME_EXITED && result->value == 77);
  } else {
    CHECK(outcome == WASI_SHIM_OUTCOME_TRAPPED);
    CHECK(result->value == (how == CANCEL ? WASI_SHIM_TRAP_CANCELLED : WASI_SHIM_TRAP_DEADLINE));
  }
}

/* A guest that waits for its standard input, which never comes, and is ended by another thread. */
static void test_ends(void) {
  for (how = 0; how < WAYS; how += 1) {
    for (uint32_t blocking = WASI_SHIM_BLOCKING_WAIT; blocking <= WASI_SHIM_BLOCKING_RETURN; blocking += 1) {
      wasi_shim_stream *reader, *writer;
      OK(wasi_shim_stream_pipe(8, &reader, &writer));
      wasi_shim_config *made = config();
      OK(wasi_shim_config_stdio(made, 0, reader));
      OK(wasi_shim_config_blocking(made, blocking));
      wasi_shim_stream_free(&reader);
      wasi_shim_context *context = guest(made);
      pthread_t thread;
      CHECK(pthread_create(&thread, NULL, end_soon, context) == 0);
      put32(VECTOR, BUFFER);
      put32(VECTOR + 4, 16);
      wasi_shim_result result;
      wasi_shim_fd_read(context, 0, memory, MEMORY, 0, VECTOR, 1, RESULT, &result);
      while (result.outcome == WASI_SHIM_OUTCOME_BLOCKED) {
        wasi_shim_blocked_wait(result.blocked);
        wasi_shim_resume(&result, memory, MEMORY);
      }
      check_end(result.outcome, &result);
      CHECK(pthread_join(thread, NULL) == 0);
      CHECK(wasi_shim_ended(context));
      check_end(wasi_shim_sched_yield(context, 0, memory, MEMORY, &result), &result);
      wasi_shim_context_free(&context);
      wasi_shim_stream_free(&writer);
    }
  }
  wasi_shim_exit(NULL, 0);
  CHECK(strcmp(message(), "context is a null pointer") == 0);
  CHECK(!wasi_shim_ended(NULL));
}

/* Descriptors that come and go. */
static void test_given(void) {
  wasi_shim_context *context = guest(config());
  wasi_shim_stream *output, *socket;
  OK(wasi_shim_stream_capture(16, &output));
  uint32_t fd = WASI_SHIM_LOWEST;
  OK(wasi_shim_give_stream(context, output, &fd));
  CHECK(fd == 3 && write_text(context, 3, "lowest") == 0);
  fd = 1;
  OK(wasi_shim_give_stream(context, output, &fd));
  CHECK(fd == 1 && write_text(context, 1, "!") == 0);
  uint8_t kept[16];
  size_t len;
  OK(wasi_shim_capture_read(output, kept, sizeof kept, &len));
  CHECK(len == 7 && memcmp(kept, "lowest!", 7) == 0);
  wasi_shim_stream_free(&output);
  OK(wasi_shim_close(context, 3));
  CHECK(write_text(context, 3, "x") == BADF);
  CHECK(wasi_shim_close(context, 3) == WASI_SHIM_STATUS_FILESYSTEM);
  CHECK(strstr(message(), "descriptor 3: ") == message() && strstr(message(), "(badf)") != NULL);

  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  OK(wasi_shim_stream_socket(ends[0], &socket));
  close(ends[0]);
  fd = 9;
  OK(wasi_shim_give_socket(context, socket, &fd));
  wasi_shim_stream_free(&socket);
  wasi_shim_result result;
  wasi_shim_sock_shutdown(context, 0, memory, MEMORY, 9, 2, &result);
  CHECK(result.value == 0 && read(ends[1], kept, 1) == 0);
  close(ends[1]);

  wasi_shim_dir *dir;
  OK(wasi_shim_dir_memory(0, 0, &dir));
  OK(wasi_shim_memory_file(dir, "file", NULL, 0));
  fd = WASI_SHIM_LOWEST;
  CHECK(wasi_shim_give_dir(context, "", dir, WASI_SHIM_ACCESS_READ_WRITE, &fd) == WASI_SHIM_STATUS_CONFIGURATION);
  CHECK(wasi_shim_give_dir(context, "/", dir, 2, &fd) == WASI_SHIM_STATUS_ARGUMENT && fd == WASI_SHIM_LOWEST);
  OK(wasi_shim_give_dir(context, NULL, dir, WASI_SHIM_ACCESS_READ_ONLY, &fd));
  CHECK(fd == 3 && open_file(context, "file", 0, FD_WRITE, &fd) == PERM);
  wasi_shim_fd_prestat_get(context, 0, memory, MEMORY, 3, TEXT, &result);
  CHECK(result.value == BADF);
  fd = 3;
  OK(wasi_shim_give_dir(context, "/", dir, WASI_SHIM_ACCESS_READ_WRITE, &fd));
  CHECK(open_file(context, "file", 0, FD_WRITE, &fd) == 0);
  wasi_shim_fd_prestat_get(context, 0, memory, MEMORY, 3, TEXT, &result);
  CHECK(result.value == 0);
  CHECK(wasi_shim_give_dir(context, "/", dir, 0, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  fd = 5000;
  CHECK(wasi_shim_give_dir(context, "/", dir, 0, &fd) == WASI_SHIM_STATUS_FILESYSTEM);
  wasi_shim_dir_free(&dir);
  wasi_shim_context_free(&context);
}

/* A stream that is never ready, and what it keeps of those who wait. */
static wasi_shim_waker *kept[4];
static int most, forgotten;

static uint16_t never_read(void *user, uint8_t *buffer, size_t len, size_t *count) {
  (void)user, (void)buffer, (void)len, (void)count;
  return AGAIN;
}

static bool never_ready(void *user, bool write, const wasi_shim_waker *waker) {
  (void)user, (void)write;
  int at = 0;
  while (kept[at] != NULL && !wasi_shim_waker_same(kept[at], waker)) {
    at += 1;
    CHECK(at < 4);
  }
  most = at > most ? at : most;
  if (kept[at] == NULL) {
    OK(wasi_shim_waker_keep(waker, &kept[at]));
  }
  return false;
}

static void forget(void *user, bool write, const wasi_shim_waker *waker) {
  (void)user, (void)write;
  for (int at = 0; at < 4; at += 1) {
    if (kept[at] != NULL && wasi_shim_waker_same(kept[at], waker)) {
      wasi_shim_waker_free(&kept[at]);
      forgotten += 1;
    }
  }
}

/* A guest that looks again and again leaves nothing with a stream that forgets. */
static void test_forget(void) {
  static const wasi_shim_stream_callbacks callbacks = {.read = never_read, .ready = never_ready, .forget = forget};
  wasi_shim_stream *stream;
  OK(wasi_shim_stream_new(&callbacks, NULL, &stream));
  wasi_shim_config *made = config();
  OK(wasi_shim_config_stdio(made, 0, stream));
  OK(wasi_shim_config_blocking(made, WASI_SHIM_BLOCKING_RETURN));
  wasi_shim_stream_free(&stream);
  wasi_shim_context *context = guest(made);
  for (int turn = 0; turn < 10; turn += 1) {
    wasi_shim_descriptor found[2];
    size_t count;
    int timeout;
    put32(VECTOR, BUFFER);
    put32(VECTOR + 4, 16);
    wasi_shim_result result;
    CHECK(wasi_shim_fd_read(context, 0, memory, MEMORY, 0, VECTOR, 1, RESULT, &result) == WASI_SHIM_OUTCOME_BLOCKED);
    CHECK(!wasi_shim_blocked_poll(result.blocked, found, 2, &count, &timeout));
    CHECK(kept[0] != NULL && !wasi_shim_waker_same(kept[0], NULL));
    wasi_shim_blocked_free(&result.blocked);
    CHECK(kept[0] == NULL);
  }
  CHECK(most == 0 && forgotten == 10);
  wasi_shim_context_free(&context);
}

void test_ending(void) {
  test_ends();
  test_given();
  test_forget();
}
