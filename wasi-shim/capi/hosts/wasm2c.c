/*
 * A host of one guest, which wasm2c has translated to C as the module `guest` and is linked with this file: each function of
 * WASI is a function of C, which calls that of the library by name. See `command.h` for its command line, where MODULE only
 * names the guest; its exit status is the guest's, or 134 if the guest trapped.
 */
#include "command.h"
#include "guest.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <wasm-rt-impl.h>

#define ABI WASI_SHIM_ABI_PREVIEW1

/* What the guest's imports belong to: the tag is wasm2c's. */
struct Z_wasi_snapshot_preview1_instance_t {
  wasi_shim_context *context;
  Z_guest_instance_t *guest;
  uint32_t exit_code;
  jmp_buf exit;
};

typedef struct Z_wasi_snapshot_preview1_instance_t wasi;

/* The one way back from a call to the guest, and two ways past it. */
static uint32_t finish(wasi *host, const wasi_shim_result *result) {
  switch (result->outcome) {
  case WASI_SHIM_OUTCOME_RETURNED:
    return result->value;
  case WASI_SHIM_OUTCOME_EXITED:
    host->exit_code = result->value;
    longjmp(host->exit, 1);
  default:
    fail_by_library(TRAPPED, "the guest trapped");
  }
}

#define SPLICE(...) __VA_ARGS__

#define DEFINE(name, parameters, arguments)                                                                     \
  uint32_t Z_wasi_snapshot_preview1Z_##name(wasi *host SPLICE parameters) {                                     \
    wasm_rt_memory_t *memory = Z_guestZ_memory(host->guest);                                                    \
    wasi_shim_result result;                                                                                    \
    wasi_shim_##name(host->context, ABI, memory->data, memory->size SPLICE arguments, &result);                 \
    return finish(host, &result);                                                                               \
  }

WASI_SHIM_FUNCTIONS(DEFINE)

void Z_wasi_snapshot_preview1Z_proc_exit(wasi *host, uint32_t code) {
  wasi_shim_result result;
  wasi_shim_proc_exit(host->context, ABI, NULL, 0, code, &result);
  finish(host, &result);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    puts("wasm2c " WASM2C_VERSION);
    return 0;
  }
  static Z_guest_instance_t guest;
  static wasi host = {.guest = &guest};
  const char *module;
  host.context = guest_of(argc, argv, &module);

  wasm_rt_init();
  Z_guest_init_module();
  wasm_rt_trap_t trap = wasm_rt_impl_try();
  if (trap != WASM_RT_TRAP_NONE) {
    fail(TRAPPED, "the guest trapped: %s", wasm_rt_strerror(trap));
  }
  if (setjmp(host.exit) == 0) {
    Z_guest_instantiate(&guest, &host);
    Z_guestZ__start(&guest);
  }
  Z_guest_free(&guest);
  wasm_rt_free();
  wasi_shim_context_free(&host.context);
  return (int)(host.exit_code & 0xff);
}
