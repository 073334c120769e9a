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
  wasi_shim_stream *end;
  CHECK(wasi_shim_stream_pipe(1, NULL, &end) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_stream_free(&end);
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
  CHECK(wasi_shim_dir_archive_bytes((const uint8_t *)"no archive", 10, &dir) == WASI_SHIM_STATUS_ARCHIVE);
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

void test_errors(void) {
  test_null();
  test_numbers_and_text();
  test_refusals();
}
