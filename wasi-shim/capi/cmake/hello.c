/* The smallest host: no engine, but the call that one would make when its guest writes a greeting. */
#include <stdio.h>
#include <string.h>
#include <wasi_shim.h>

int main(void) {
  wasi_shim_config *config;
  wasi_shim_context *guest;
  if (wasi_shim_config_new(&config) != WASI_SHIM_STATUS_OK ||
      wasi_shim_config_inherit_stdio(config) != WASI_SHIM_STATUS_OK ||
      wasi_shim_context_new(config, &guest) != WASI_SHIM_STATUS_OK) {
    char words[256];
    wasi_shim_message((uint8_t *)words, sizeof words);
    fprintf(stderr, "%s\n", words);
    return 1;
  }
  wasi_shim_config_free(&config);

  /* The guest's memory: a buffer of 6 bytes at 16, described at 0; the count goes to 8. */
  static _Alignas(8) uint8_t memory[64] = {16, 0, 0, 0, 6};
  memcpy(memory + 16, "hello\n", 6);
  wasi_shim_result result;
  wasi_shim_outcome outcome =
      wasi_shim_fd_write(guest, WASI_SHIM_ABI_PREVIEW1, memory, sizeof memory, 1, 0, 1, 8, &result);
  wasi_shim_context_free(&guest);
  return outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0 ? 0 : 1;
}
