/* Calls that wait: inside, in an event loop, until they are cancelled, until a deadline. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Waits as an event loop does; how many descriptors there were to wait for. */
static size_t wait_once(const wasi_shim_blocked *blocked) {
  wasi_shim_descriptor found[8];
  struct pollfd descriptors[8];
  size_t count;
  int timeout;
  if (wasi_shim_blocked_poll(blocked, found, 8, &count, &timeout)) {
    return 0;
  }
  CHECK(count <= 8);
  for (size_t at = 0; at < count; at += 1) {
    descriptors[at] = (struct pollfd){.fd = found[at].fd, .events = found[at].write ? POLLOUT : POLLIN};
  }
  CHECK(poll(descriptors, count, timeout) >= 0);
  return count;
}

static void sleep_ms(long milliseconds) {
  nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* A guest whose standard input is a pipe of the system's, and whose calls are handed out. */
static wasi_shim_context *reader(int pipes[2], uint32_t blocking) {
  CHECK(pipe(pipes) == 0);
  wasi_shim_config *made = config();
  wasi_shim_stream *input;
  OK(wasi_shim_stream_input(pipes[0], &input));
  OK(wasi_shim_config_stdio(made, 0, input));
  wasi_shim_stream_free(&input);
  OK(wasi_shim_config_blocking(made, blocking));
  close(pipes[0]);
  return guest(made);
}

static wasi_shim_outcome read_stdin(wasi_shim_context *context, wasi_shim_result *result) {
  put32(VECTOR, BUFFER);
  put32(VECTOR + 4, 16);
  return wasi_shim_fd_read(context, 0, memory, MEMORY, 0, VECTOR, 1, RESULT, result);
}

static void test_event_loop(void) {
  int pipes[2];
  wasi_shim_context *context = reader(pipes, WASI_SHIM_BLOCKING_RETURN);
  wasi_shim_result result;
  CHECK(read_stdin(context, &result) == WASI_SHIM_OUTCOME_BLOCKED && result.blocked != NULL);
  size_t count;
  int timeout;
  CHECK(!wasi_shim_blocked_poll(result.blocked, NULL, 0, &count, &timeout) && count == 2 && timeout == -1);
  /* Too early, and blocked again. */
  CHECK(wasi_shim_resume(&result, memory, MEMORY) == WASI_SHIM_OUTCOME_BLOCKED);
  CHECK(write(pipes[1], "hello", 5) == 5);
  CHECK(wait_once(result.blocked) == 0);
  /* The memory has moved meanwhile. */
  static _Alignas(8) uint8_t moved[MEMORY];
  memcpy(moved, memory, MEMORY);
  CHECK(wasi_shim_resume(&result, moved, MEMORY) == WASI_SHIM_OUTCOME_RETURNED && result.value == 0);
  CHECK(result.blocked == NULL && memcmp(moved + BUFFER, "hello", 5) == 0);

  /* Given up, once and again. */
  CHECK(read_stdin(context, &result) == WASI_SHIM_OUTCOME_BLOCKED);
  wasi_shim_blocked_free(&result.blocked);
  wasi_shim_blocked_free(&result.blocked);
  /* Freed with a call that waits: the call goes on with what it has. */
  CHECK(read_stdin(context, &result) == WASI_SHIM_OUTCOME_BLOCKED);
  wasi_shim_context_free(&context);
  close(pipes[1]);
  while (result.outcome == WASI_SHIM_OUTCOME_BLOCKED) {
    wait_once(result.blocked);
    wasi_shim_resume(&result, memory, MEMORY);
  }
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0 && get32(RESULT) == 0);
}

/* One subscription: the monotonic clock, in so many nanoseconds from now. */
static wasi_shim_outcome sleep_call(wasi_shim_context *context, uint32_t nanoseconds, wasi_shim_result *result) {
  memset(memory + TEXT, 0, 48);
  put32(TEXT + 16, 1);
  put32(TEXT + 24, nanoseconds);
  return wasi_shim_poll_oneoff(context, 0, memory, MEMORY, TEXT, BUFFER, 1, RESULT, result);
}

static uint64_t now;

static uint16_t by_hand(void *user, uint32_t clock, uint64_t *time) {
  (void)user, (void)clock;
  *time = now;
  return 0;
}

static void test_sleep(void) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_clock(made, by_hand, 1, NULL, NULL));
  OK(wasi_shim_config_blocking(made, WASI_SHIM_BLOCKING_RETURN));
  wasi_shim_context *context = guest(made);
  wasi_shim_result result;
  now = 1000000000;
  CHECK(sleep_call(context, 5000001, &result) == WASI_SHIM_OUTCOME_BLOCKED);
  size_t count;
  int timeout;
  CHECK(!wasi_shim_blocked_poll(result.blocked, NULL, 0, &count, &timeout) && timeout == 6);
  now += 5000000;
  CHECK(!wasi_shim_blocked_poll(result.blocked, NULL, 0, &count, &timeout) && timeout == 1);
  now += 1;
  CHECK(wasi_shim_blocked_poll(result.blocked, NULL, 0, &count, &timeout) && count == 0 && timeout == 0);
  CHECK(wasi_shim_resume(&result, memory, MEMORY) == WASI_SHIM_OUTCOME_RETURNED && get32(RESULT) == 1);

  OK(wasi_shim_set_deadline(context, 3000000));
  CHECK(sleep_call(context, 5000000, &result) == WASI_SHIM_OUTCOME_BLOCKED);
  CHECK(!wasi_shim_blocked_poll(result.blocked, NULL, 0, &count, &timeout) && timeout == 3);
  now += 3000000;
  CHECK(wasi_shim_resume(&result, memory, MEMORY) == WASI_SHIM_OUTCOME_TRAPPED);
  CHECK(result.value == WASI_SHIM_TRAP_DEADLINE);
  OK(wasi_shim_set_deadline(context, WASI_SHIM_NEVER));
  CHECK(wasi_shim_sched_yield(context, 0, memory, MEMORY, &result) == WASI_SHIM_OUTCOME_RETURNED);
  wasi_shim_context_free(&context);

  /* The same inside, with the system's clock. */
  made = config();
  OK(wasi_shim_config_deadline(made, UINT64_C(60000000000)));
  context = guest(made);
  CHECK(sleep_call(context, 1000000, &result) == WASI_SHIM_OUTCOME_RETURNED && get32(RESULT) == 1);
  wasi_shim_context_free(&context);
}

static void *cancel_soon(void *context) {
  sleep_ms(20);
  wasi_shim_cancel(context);
  return NULL;
}

static void test_cancel(void) {
  for (uint32_t blocking = WASI_SHIM_BLOCKING_WAIT; blocking <= WASI_SHIM_BLOCKING_RETURN; blocking += 1) {
    int pipes[2];
    wasi_shim_context *context = reader(pipes, blocking);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cancel_soon, context) == 0);
    wasi_shim_result result;
    read_stdin(context, &result);
    while (result.outcome == WASI_SHIM_OUTCOME_BLOCKED) {
      wait_once(result.blocked);
      wasi_shim_resume(&result, memory, MEMORY);
    }
    CHECK(result.outcome == WASI_SHIM_OUTCOME_TRAPPED && result.value == WASI_SHIM_TRAP_CANCELLED);
    CHECK(pthread_join(thread, NULL) == 0);
    wasi_shim_context_free(&context);
    close(pipes[1]);
  }
}

/* A stream that has a byte once somebody says so. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int has_byte;
static wasi_shim_waker *waiting;

static uint16_t late_read(void *user, uint8_t *buffer, size_t len, size_t *count) {
  (void)user, (void)len;
  pthread_mutex_lock(&lock);
  int has = has_byte;
  has_byte = 0;
  pthread_mutex_unlock(&lock);
  *buffer = '!';
  *count = has ? 1 : 0;
  return has ? 0 : AGAIN;
}

static bool late_ready(void *user, bool write, const wasi_shim_waker *waker) {
  (void)user;
  pthread_mutex_lock(&lock);
  int has = has_byte;
  if (!has && !write) {
    wasi_shim_waker_free(&waiting);
    OK(wasi_shim_waker_keep(waker, &waiting));
  }
  pthread_mutex_unlock(&lock);
  return has || write;
}

static void *say_so(void *unused) {
  sleep_ms(20);
  pthread_mutex_lock(&lock);
  has_byte = 1;
  wasi_shim_waker *waker = waiting;
  waiting = NULL;
  pthread_mutex_unlock(&lock);
  wasi_shim_waker_wake(&waker);
  return unused;
}

static void test_waker(void) {
  static const wasi_shim_stream_callbacks callbacks = {.read = late_read, .ready = late_ready};
  for (uint32_t blocking = WASI_SHIM_BLOCKING_WAIT; blocking <= WASI_SHIM_BLOCKING_RETURN; blocking += 1) {
    wasi_shim_config *made = config();
    wasi_shim_stream *stream;
    OK(wasi_shim_stream_new(&callbacks, NULL, &stream));
    OK(wasi_shim_config_stdio(made, 0, stream));
    OK(wasi_shim_config_stdio(made, 1, stream));
    wasi_shim_stream_free(&stream);
    OK(wasi_shim_config_blocking(made, blocking));
    wasi_shim_context *context = guest(made);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, say_so, NULL) == 0);
    wasi_shim_result result;
    read_stdin(context, &result);
    while (result.outcome == WASI_SHIM_OUTCOME_BLOCKED) {
      wait_once(result.blocked);
      wasi_shim_resume(&result, memory, MEMORY);
    }
    CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0 && memory[BUFFER] == '!');
    CHECK(write_text(context, 1, "x") == BADF);
    CHECK(pthread_join(thread, NULL) == 0);
    wasi_shim_context_free(&context);
  }
  wasi_shim_waker_free(&waiting);
}

static void test_pipe(void) {
  wasi_shim_stream *read_end, *write_end;
  OK(wasi_shim_stream_pipe(4, &read_end, &write_end));
  wasi_shim_config *made = config();
  OK(wasi_shim_config_stdio(made, 1, write_end));
  OK(wasi_shim_config_blocking(made, WASI_SHIM_BLOCKING_RETURN));
  wasi_shim_stream_free(&write_end);
  wasi_shim_context *context = guest(made);
  uint8_t bytes[8];
  size_t count;
  CHECK(wasi_shim_stream_read(read_end, bytes, sizeof bytes, &count) == WASI_SHIM_STATUS_AGAIN);
  CHECK(write_text(context, 1, "abcd") == 0);
  OK(wasi_shim_stream_read(read_end, bytes, sizeof bytes, &count));
  CHECK(count == 4 && memcmp(bytes, "abcd", 4) == 0);
  CHECK(wasi_shim_stream_write(read_end, bytes, 1, &count) == WASI_SHIM_STATUS_FILESYSTEM);
  wasi_shim_context_free(&context);
  OK(wasi_shim_stream_read(read_end, bytes, sizeof bytes, &count));
  CHECK(count == 0);
  wasi_shim_stream_free(&read_end);
}

/* An inherited socket, which is descriptor 3 of a guest without directories. */
static void test_socket(void) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  wasi_shim_stream *socket;
  OK(wasi_shim_stream_socket(ends[0], &socket));
  close(ends[0]);
  wasi_shim_config *made = config();
  OK(wasi_shim_config_socket(made, socket));
  wasi_shim_stream_free(&socket);
  CHECK(wasi_shim_stream_listener(ends[1], &socket) == WASI_SHIM_STATUS_SYSTEM && socket == NULL);
  wasi_shim_context *context = guest(made);
  char text[16];
  CHECK(write(ends[1], "ping", 4) == 4);
  CHECK(read_text(context, 3, text, sizeof text) == 0 && strcmp(text, "ping") == 0);
  memcpy(memory + BUFFER, "pong", 4);
  put32(VECTOR, BUFFER);
  put32(VECTOR + 4, 4);
  wasi_shim_result result;
  wasi_shim_sock_send(context, 0, memory, MEMORY, 3, VECTOR, 1, 0, RESULT, &result);
  CHECK(result.value == 0 && read(ends[1], text, 4) == 4 && memcmp(text, "pong", 4) == 0);
  wasi_shim_context_free(&context);
  CHECK(read(ends[1], text, 1) == 0);
  close(ends[1]);
}

void test_waiting(void) {
  test_event_loop();
  test_sleep();
  test_cancel();
  test_waker();
  test_pipe();
  test_socket();
}
