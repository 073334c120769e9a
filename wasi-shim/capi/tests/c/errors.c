/* What is checked of a caller's mistakes. */
#include "check.h"

static void test_null(void) {
  CHECK(wasi_shim_config_new(NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_config_arg(NULL, "x") == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(strcmp(message(), "config is a null pointer") == 0);
  wasi_shim_config *made = config();
  CHECK(wasi_shim_config_arg(made, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(strcmp(message(), "argument is a null pointer") == 0);
  CHECK(wasi_shim_config_preopen(made, "/", NULL, 0) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_context_new(NULL, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_context *context = (wasi_shim_context *)made;
  CHECK(wasi_shim_context_new(NULL, &context) == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(context == NULL);

  wasi_shim_result result;
  CHECK(wasi_shim_call(NULL, 0, 0, memory, MEMORY, NULL, 0, &result) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_FAILED && result.value == WASI_SHIM_STATUS_NULL_POINTER);
  CHECK(wasi_shim_resume(NULL, memory, MEMORY) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(wasi_shim_resume(&result, memory, MEMORY) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(strcmp(message(), "the call is not blocked") == 0);
  wasi_shim_stream *end = (wasi_shim_stream *)made;
  CHECK(wasi_shim_stream_pipe(1, NULL, &end) == WASI_SHIM_STATUS_NULL_POINTER && end == NULL);
  end = (wasi_shim_stream *)made;
  CHECK(wasi_shim_stream_pipe(1, &end, NULL) == WASI_SHIM_STATUS_NULL_POINTER && end == NULL);
  CHECK(wasi_shim_blocked_poll(NULL, NULL, 0, NULL, NULL));
  CHECK(strcmp(message(), "count is a null pointer") == 0);
  wasi_shim_cancel(NULL);
  wasi_shim_blocked_wait(NULL);
  wasi_shim_waker_wake(NULL);

  context = guest(made);
  CHECK(wasi_shim_call(context, 0, 0, memory, MEMORY, NULL, 0, NULL) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(wasi_shim_call(context, 0, 0, memory, MEMORY, NULL, 3, &result) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(wasi_shim_call(context, 0, 0, NULL, MEMORY, NULL, 0, &result) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(strcmp(message(), "memory is a null pointer") == 0);
  CHECK(wasi_shim_sched_yield(context, 0, NULL, 0, &result) == WASI_SHIM_OUTCOME_RETURNED);
  wasi_shim_context_free(&context);
}

static void test_numbers_and_text(void) {
  wasi_shim_config *made = config();
  CHECK(wasi_shim_config_arg(made, "\xff") == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(strcmp(message(), "argument is not UTF-8") == 0);
  CHECK(wasi_shim_config_rights(made, 2) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(strcmp(message(), "mode is 2, which means nothing: see wasi_shim_rights") == 0);
  CHECK(wasi_shim_config_limit(made, 10, 0) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(wasi_shim_config_stdio(made, 3, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_stream *stream;
  CHECK(wasi_shim_stream_input(-1, &stream) == WASI_SHIM_STATUS_SYSTEM);
  CHECK(stream == NULL);
  CHECK(wasi_shim_stream_output(9999, &stream) == WASI_SHIM_STATUS_SYSTEM);
  OK(wasi_shim_stream_bytes(NULL, 0, &stream));
  CHECK(wasi_shim_config_stdio(made, 3, stream) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(wasi_shim_capture_clear(stream) == WASI_SHIM_STATUS_ARGUMENT);
  wasi_shim_stream_free(&stream);
  /* Freed, and so null: again is nothing. */
  wasi_shim_stream_free(&stream);
  wasi_shim_stream_free(NULL);

  OK(wasi_shim_config_env(made, "", "value"));
  wasi_shim_context *context;
  CHECK(wasi_shim_context_new(made, &context) == WASI_SHIM_STATUS_CONFIGURATION);
  wasi_shim_config_free(&made);
  context = guest(config());
  wasi_shim_result result;
  CHECK(wasi_shim_call(context, 2, 0, memory, MEMORY, NULL, 0, &result) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(wasi_shim_call(context, 0, 46, memory, MEMORY, NULL, 0, &result) == WASI_SHIM_OUTCOME_FAILED);
  CHECK(wasi_shim_call(context, 0, 0, memory, SIZE_MAX, NULL, 0, &result) == WASI_SHIM_OUTCOME_FAILED);
  wasi_shim_context_free(&context);
}

static void test_refusals(void) {
  wasi_shim_dir *dir;
  CHECK(wasi_shim_dir_host("/nowhere/at/all", &dir) == WASI_SHIM_STATUS_SYSTEM);
  CHECK(dir == NULL && strstr(message(), "/nowhere/at/all: ") == message());
  CHECK(wasi_shim_dir_archive_bytes((const uint8_t *)"no archive", 10, NULL, &dir) == WASI_SHIM_STATUS_ARCHIVE);
  OK(wasi_shim_dir_memory(0, 0, &dir));
  CHECK(wasi_shim_memory_file(dir, "a/b", NULL, 0) == WASI_SHIM_STATUS_FILESYSTEM);
  CHECK(strcmp(message(), "a/b: invalid argument (inval)") == 0);
  CHECK(wasi_shim_overlay_commit(dir, dir) == WASI_SHIM_STATUS_ARGUMENT);
  wasi_shim_dir_free(&dir);

  /* Cut to the room there is, and told how long it is. */
  uint8_t words[4] = "zzz";
  size_t len = wasi_shim_message(words, sizeof words);
  CHECK(len > 20 && memcmp(words, "ove", 4) == 0);
  CHECK(wasi_shim_message(NULL, 0) == len);
}

/* A mistake takes nothing away: what was there to be read still is. */
static void test_nothing_lost(void) {
  wasi_shim_stream *reader, *writer;
  OK(wasi_shim_stream_pipe(8, &reader, &writer));
  size_t count;
  OK(wasi_shim_stream_write(writer, (const uint8_t *)"abcd", 4, &count));
  CHECK(count == 4);
  uint8_t bytes[8];
  CHECK(wasi_shim_stream_read(reader, NULL, sizeof bytes, &count) == WASI_SHIM_STATUS_NULL_POINTER && count == 0);
  CHECK(wasi_shim_stream_read(reader, bytes, SIZE_MAX, &count) == WASI_SHIM_STATUS_ARGUMENT);
  CHECK(wasi_shim_stream_read(reader, bytes, sizeof bytes, NULL) == WASI_SHIM_STATUS_NULL_POINTER);
  OK(wasi_shim_stream_read(reader, bytes, sizeof bytes, &count));
  CHECK(count == 4 && memcmp(bytes, "abcd", 4) == 0);
  count = 99;
  CHECK(wasi_shim_stream_read(reader, bytes, sizeof bytes, &count) == WASI_SHIM_STATUS_AGAIN && count == 0);
  count = 99;
  CHECK(wasi_shim_stream_write(writer, NULL, 4, &count) == WASI_SHIM_STATUS_NULL_POINTER && count == 0);

  /* A blocked call is still blocked. */
  wasi_shim_config *made = config();
  OK(wasi_shim_config_stdio(made, 0, reader));
  OK(wasi_shim_config_blocking(made, WASI_SHIM_BLOCKING_RETURN));
  wasi_shim_context *context = guest(made);
  put32(VECTOR, BUFFER);
  put32(VECTOR + 4, 8);
  wasi_shim_result result;
  CHECK(wasi_shim_fd_read(context, 0, memory, MEMORY, 0, VECTOR, 1, RESULT, &result) == WASI_SHIM_OUTCOME_BLOCKED);
  CHECK(wasi_shim_resume(&result, NULL, MEMORY) == WASI_SHIM_OUTCOME_FAILED && result.blocked != NULL);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_FAILED && result.value == WASI_SHIM_STATUS_NULL_POINTER);
  OK(wasi_shim_stream_write(writer, (const uint8_t *)"ef", 2, &count));
  CHECK(wasi_shim_resume(&result, memory, MEMORY) == WASI_SHIM_OUTCOME_RETURNED && result.blocked == NULL);
  CHECK(get32(RESULT) == 2 && memcmp(memory + BUFFER, "ef", 2) == 0);
  wasi_shim_context_free(&context);
  wasi_shim_stream_free(&reader);
  wasi_shim_stream_free(&writer);
}

/* A memory that shrinks, as none does: what pointed into it points nowhere. */
static void test_smaller_memory(void) {
  wasi_shim_stream *reader, *writer;
  OK(wasi_shim_stream_pipe(8, &reader, &writer));
  for (size_t size = 0; size <= BUFFER; size += BUFFER / 4) {
    wasi_shim_config *made = config();
    OK(wasi_shim_config_stdio(made, 0, reader));
    OK(wasi_shim_config_blocking(made, WASI_SHIM_BLOCKING_RETURN));
    wasi_shim_context *context = guest(made);
    put32(VECTOR, BUFFER);
    put32(VECTOR + 4, 8);
    wasi_shim_result result;
    CHECK(wasi_shim_fd_read(context, 0, memory, MEMORY, 0, VECTOR, 1, RESULT, &result) == WASI_SHIM_OUTCOME_BLOCKED);
    uint8_t *smaller = malloc(size == 0 ? 1 : size);
    memcpy(smaller, memory, size);
    CHECK(wasi_shim_resume(&result, smaller, size) == WASI_SHIM_OUTCOME_TRAPPED);
    CHECK(result.value == WASI_SHIM_TRAP_OUT_OF_BOUNDS && result.blocked == NULL);
    free(smaller);
    wasi_shim_context_free(&context);
  }
  wasi_shim_stream_free(&reader);
  wasi_shim_stream_free(&writer);
}

static uint16_t no_time(void *user, uint32_t clock, uint64_t *time) {
  (void)user, (void)clock, (void)time;
  return IO;
}

/* No deadline needs no clock. */
static void test_no_deadline(void) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_clock(made, no_time, 1, NULL, NULL));
  OK(wasi_shim_config_deadline(made, 1));
  wasi_shim_context *context;
  CHECK(wasi_shim_context_new(made, &context) == WASI_SHIM_STATUS_CONFIGURATION && context == NULL);
  OK(wasi_shim_config_deadline(made, WASI_SHIM_NEVER));
  context = guest(made);
  CHECK(wasi_shim_set_deadline(context, 1) == WASI_SHIM_STATUS_FILESYSTEM);
  OK(wasi_shim_set_deadline(context, WASI_SHIM_NEVER));
  wasi_shim_context_free(&context);
}

void test_errors(void) {
  test_null();
  test_numbers_and_text();
  test_refusals();
  test_nothing_lost();
  test_smaller_memory();
  test_no_deadline();
}
