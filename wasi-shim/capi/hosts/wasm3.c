/*
 * A host of the interpreter wasm3: all functions of WASI go to wasi_shim_call, by number. See `command.h` for its command
 * line; its exit status is the guest's, or 134 if the guest trapped.
 */
#include "command.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm3.h>

enum {
  FUNCTIONS = 46,
  /* wasm3 calls itself for each call of the guest: its own stack has to be as large as a guest's recursion is deep. */
  NATIVE_STACK = 1 << 30,
  GUEST_STACK = 1 << 25,
};

static const char *const MODULES[] = {"wasi_snapshot_preview1", "wasi_unstable"};

struct host {
  wasi_shim_context *context;
  const char *file;
  uint32_t exit_code;
  int trapped;
};

/* What a function that is linked is told of itself. */
struct function {
  struct host *host;
  uint32_t abi, index;
};

/* wasm3 hands over its own stack, which has the arguments in words of 64 bits and takes the result. */
static const void *call(IM3Runtime runtime, uint64_t *stack, void *unused, void *cookie) {
  (void)unused;
  const struct function *function = cookie;
  struct host *host = function->host;
  uint32_t size = 0;
  uint8_t *memory = m3_GetMemory(runtime, &size, 0);
  size_t count = strlen(wasi_shim_function_parameters(function->index));
  wasi_shim_result result;
  switch (wasi_shim_call(host->context, function->abi, function->index, memory, size, stack, count, &result)) {
  case WASI_SHIM_OUTCOME_RETURNED:
    *stack = result.value;
    return m3Err_none;
  case WASI_SHIM_OUTCOME_EXITED:
    host->exit_code = result.value;
    return m3Err_trapExit;
  default:
    host->trapped = 1;
    return m3Err_trapAbort;
  }
}

static void check(M3Result result, const char *what) {
  if (result != m3Err_none) {
    fail(1, "%s: %s", what, result);
  }
}

static void link_all(IM3Module module, struct host *host) {
  static struct function functions[2][FUNCTIONS];
  for (uint32_t abi = 0; abi < 2; abi += 1) {
    for (uint32_t index = 0; index < FUNCTIONS; index += 1) {
      struct function *function = &functions[abi][index];
      *function = (struct function){host, abi, index};
      char signature[16];
      const char *result = index == WASI_SHIM_FUNCTION_PROC_EXIT ? "v" : "i";
      snprintf(signature, sizeof signature, "%s(%s)", result, wasi_shim_function_parameters(index));
      const char *name = wasi_shim_function_name(index);
      M3Result linked = m3_LinkRawFunctionEx(module, MODULES[abi], name, signature, call, function);
      /* Most guests import few. */
      if (linked != m3Err_functionLookupFailed) {
        check(linked, name);
      }
    }
  }
}

static uint8_t *contents(const char *file, uint32_t *size) {
  FILE *opened = fopen(file, "rb");
  if (opened == NULL || fseek(opened, 0, SEEK_END) != 0) {
    fail(1, "%s: it cannot be read", file);
  }
  long length = ftell(opened);
  uint8_t *bytes = malloc((size_t)length + 1);
  rewind(opened);
  if (bytes == NULL || fread(bytes, 1, (size_t)length, opened) != (size_t)length) {
    fail(1, "%s: it cannot be read", file);
  }
  fclose(opened);
  *size = (uint32_t)length;
  return bytes;
}

static void *run(void *argument) {
  struct host *host = argument;
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, GUEST_STACK, NULL);
  IM3Module module;
  uint32_t size;
  uint8_t *bytes = contents(host->file, &size);
  check(m3_ParseModule(environment, &module, bytes, size), host->file);
  check(m3_LoadModule(runtime, module), host->file);
  link_all(module, host);

  IM3Function start;
  check(m3_FindFunction(&start, runtime, "_start"), "_start");
  M3Result result = m3_Call(start);
  if (host->trapped) {
    fail_by_library(TRAPPED, "the guest trapped");
  } else if (result != m3Err_none && result != m3Err_trapExit) {
    fail(TRAPPED, "the guest trapped: %s", result);
  }
  m3_FreeRuntime(runtime);
  m3_FreeEnvironment(environment);
  free(bytes);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    puts("wasm3 " M3_VERSION);
    return 0;
  }
  struct host host = {0};
  host.context = guest_of(argc, argv, &host.file);

  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, NATIVE_STACK) != 0 ||
      pthread_create(&thread, &attributes, run, &host) != 0 || pthread_join(thread, NULL) != 0) {
    fail(1, "there is no thread for the guest");
  }
  wasi_shim_context_free(&host.context);
  return (int)(host.exit_code & 0xff);
}
