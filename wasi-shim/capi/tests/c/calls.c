/* Calls by number and by name, and what comes of them. */
#include "check.h"

static void test_output(void) {
  wasi_shim_config *made = config();
  wasi_shim_stream *output, *input;
  OK(wasi_shim_stream_capture(8, &output));
  OK(wasi_shim_stream_bytes((const uint8_t *)"input", 5, &input));
  OK(wasi_shim_config_stdio(made, 1, output));
  OK(wasi_shim_config_stdio(made, 0, input));
  wasi_shim_stream_free(&input);
  wasi_shim_context *context = guest(made);

  memcpy(memory + TEXT, "hello", 5);
  put32(VECTOR, TEXT);
  put32(VECTOR + 4, 5);
  /* By number, with something in the upper halves. */
  uint64_t args[] = {1 | UINT64_C(0xabcd) << 32, VECTOR, 1, RESULT};
  wasi_shim_result result;
  wasi_shim_outcome outcome =
      wasi_shim_call(context, WASI_SHIM_ABI_PREVIEW1, WASI_SHIM_FUNCTION_FD_WRITE, memory, MEMORY, args, 4, &result);
  CHECK(outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0 && get32(RESULT) == 5);
  CHECK(write_text(context, 1, "you") == 0);
  CHECK(write_text(context, 1, "!") == NOSPC);

  uint8_t kept[16];
  size_t len;
  OK(wasi_shim_capture_read(output, kept, sizeof kept, &len));
  CHECK(len == 8 && memcmp(kept, "helloyou", 8) == 0);
  OK(wasi_shim_capture_read(output, NULL, 0, &len));
  CHECK(len == 8);
  OK(wasi_shim_capture_clear(output));
  CHECK(write_text(context, 1, "!") == 0);
  OK(wasi_shim_capture_read(output, kept, 0, &len));
  CHECK(len == 1);

  char text[16];
  CHECK(read_text(context, 0, text, sizeof text) == 0 && strcmp(text, "input") == 0);
  CHECK(read_text(context, 0, text, sizeof text) == 0 && strcmp(text, "") == 0);
  wasi_shim_context_free(&context);
  wasi_shim_stream_free(&output);
}

static void test_arguments(void) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_arg(made, "program"));
  OK(wasi_shim_config_arg(made, "grüße"));
  OK(wasi_shim_config_env(made, "A", "1"));
  OK(wasi_shim_config_env(made, "A", "22"));
  wasi_shim_context *context = guest(made);
  wasi_shim_result result;
  wasi_shim_args_sizes_get(context, 0, memory, MEMORY, 0, 4, &result);
  CHECK(result.value == 0 && get32(0) == 2 && get32(4) == 8 + 8);
  wasi_shim_environ_get(context, 0, memory, MEMORY, 0, TEXT, &result);
  CHECK(result.value == 0 && strcmp((char *)memory + get32(0), "A=22") == 0);
  wasi_shim_context_free(&context);
}

static void test_endings(void) {
  wasi_shim_context *context = guest(config());
  wasi_shim_result result;
  CHECK(wasi_shim_proc_exit(context, 0, memory, MEMORY, 300, &result) == WASI_SHIM_OUTCOME_EXITED);
  CHECK(result.value == 300);
  CHECK(wasi_shim_random_get(context, 0, memory, MEMORY, MEMORY - 1, 2, &result) == WASI_SHIM_OUTCOME_TRAPPED);
  CHECK(result.value == WASI_SHIM_TRAP_OUT_OF_BOUNDS);
  CHECK(strstr(message(), "random_get: pointer 0xffff to 2 bytes is outside") == message());
  CHECK(wasi_shim_clock_time_get(context, 0, memory, MEMORY, 1, 1, 4, &result) == WASI_SHIM_OUTCOME_TRAPPED);
  CHECK(result.value == WASI_SHIM_TRAP_MISALIGNED);
  wasi_shim_context_free(&context);

  wasi_shim_config *made = config();
  OK(wasi_shim_config_faults(made, WASI_SHIM_FAULTS_ERRNO));
  OK(wasi_shim_config_shared_memory(made, true));
  OK(wasi_shim_config_limit(made, WASI_SHIM_LIMIT_DESCRIPTORS, 3));
  context = guest(made);
  wasi_shim_random_get(context, 0, memory, MEMORY, MEMORY - 1, 2, &result);
  CHECK(result.outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == FAULT);
  wasi_shim_cancel(context);
  CHECK(wasi_shim_sched_yield(context, 0, memory, MEMORY, &result) == WASI_SHIM_OUTCOME_TRAPPED);
  CHECK(result.value == WASI_SHIM_TRAP_CANCELLED);
  wasi_shim_context_free(&context);
}

static uint16_t seven(void *user, uint8_t *buffer, size_t len) {
  memset(buffer, 7, len);
  return *(uint16_t *)user;
}

static uint16_t two_seconds(void *user, uint32_t clock, uint64_t *time) {
  (void)user;
  *time = 2000000000u + clock;
  return clock < 2 ? 0 : INVAL;
}

static void count(void *user) { *(uint16_t *)user += 1; }

static void test_ambient(void) {
  uint16_t answer = 0, dropped = 0;
  wasi_shim_config *made = config();
  OK(wasi_shim_config_random(made, seven, &answer, NULL));
  OK(wasi_shim_config_clock(made, two_seconds, 0, &dropped, count));
  CHECK(wasi_shim_config_clock(made, NULL, 0, &dropped, count) == WASI_SHIM_STATUS_NULL_POINTER);
  wasi_shim_context *context = guest(made);
  wasi_shim_result result;
  wasi_shim_random_get(context, 0, memory, MEMORY, 0, 4, &result);
  CHECK(result.value == 0 && get32(0) == 0x07070707);
  answer = 4711;
  wasi_shim_random_get(context, 0, memory, MEMORY, 0, 4, &result);
  CHECK(result.value == IO);
  wasi_shim_clock_time_get(context, 0, memory, MEMORY, 1, 0, 0, &result);
  CHECK(result.value == 0 && get32(0) == 2000000001u);
  wasi_shim_clock_time_get(context, 0, memory, MEMORY, 2, 0, 0, &result);
  CHECK(result.value == INVAL);
  wasi_shim_clock_res_get(context, 0, memory, MEMORY, 0, 0, &result);
  CHECK(result.value == 0 && get32(0) == 1);
  CHECK(dropped == 0);
  wasi_shim_context_free(&context);
  CHECK(dropped == 1);
}

static void test_table(void) {
  CHECK(strcmp(wasi_shim_function_name(WASI_SHIM_FUNCTION_PATH_OPEN), "path_open") == 0);
  CHECK(strcmp(wasi_shim_function_parameters(WASI_SHIM_FUNCTION_PATH_OPEN), "iiiiiIIii") == 0);
  CHECK(strcmp(wasi_shim_function_parameters(WASI_SHIM_FUNCTION_SCHED_YIELD), "") == 0);
  CHECK(wasi_shim_function_name(46) == NULL && wasi_shim_function_parameters(UINT32_MAX) == NULL);
  uint32_t abi, index;
  CHECK(wasi_shim_function_find("wasi_unstable", "fd_seek", &abi, &index));
  CHECK(abi == WASI_SHIM_ABI_UNSTABLE && index == WASI_SHIM_FUNCTION_FD_SEEK);
  CHECK(!wasi_shim_function_find("wasi_unstable", "sock_accept", &abi, &index));
  CHECK(!wasi_shim_function_find("env", NULL, &abi, &index));

#define NAMED(name, parameters, arguments) #name,
  static const char *const names[] = {WASI_SHIM_FUNCTIONS(NAMED)};
  CHECK(sizeof names / sizeof names[0] == 45);
  CHECK(strcmp(names[44], "sock_shutdown") == 0);
}

void test_calls(void) {
  test_output();
  test_arguments();
  test_endings();
  test_ambient();
  test_table();
}
