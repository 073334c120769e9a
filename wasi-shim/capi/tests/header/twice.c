/* All that a host can do with the header without calling anything: include it, twice, and use its list. */
#include <wasi_shim.h>
#include <wasi_shim.h>

#define SPLICE(...) __VA_ARGS__

#define DEFINE(name, parameters, arguments)                                                                          \
  uint32_t call_##name(const wasi_shim_context *context, uint8_t *memory, size_t memory_size SPLICE parameters);               \
  uint32_t call_##name(const wasi_shim_context *context, uint8_t *memory, size_t memory_size SPLICE parameters) {              \
    wasi_shim_result result;                                                                                         \
    return wasi_shim_##name(context, WASI_SHIM_ABI_PREVIEW1, memory, memory_size SPLICE arguments, &result) ==                 \
                   WASI_SHIM_OUTCOME_RETURNED                                                                        \
               ? result.value                                                                                        \
               : UINT32_MAX;                                                                                         \
  }

WASI_SHIM_FUNCTIONS(DEFINE)

/* Numbers are passed as what they are declared as. */
int numbers(wasi_shim_config *config, wasi_shim_dir *dir);
int numbers(wasi_shim_config *config, wasi_shim_dir *dir) {
  return wasi_shim_config_preopen(config, "/", dir, WASI_SHIM_ACCESS_READ_ONLY) == WASI_SHIM_STATUS_OK &&
         wasi_shim_config_limit(config, WASI_SHIM_LIMIT_PATH, 100) == WASI_SHIM_STATUS_OK &&
         wasi_shim_config_rights(config, WASI_SHIM_RIGHTS_ENFORCE) == WASI_SHIM_STATUS_OK &&
         wasi_shim_config_faults(config, WASI_SHIM_FAULTS_ERRNO) == WASI_SHIM_STATUS_OK &&
         wasi_shim_config_blocking(config, WASI_SHIM_BLOCKING_RETURN) == WASI_SHIM_STATUS_OK;
}
