// A callback that an exception leaves, which nobody catches on the other side, though the program would.
#include <cstdio>
#include <stdexcept>

#include <wasi_shim.h>

namespace {

std::uint16_t throwing(void *, std::uint8_t *, std::size_t) { throw std::runtime_error("from a callback"); }

}  // namespace

int main() {
  wasi_shim_config *config;
  wasi_shim_context *guest;
  wasi_shim_config_new(&config);
  wasi_shim_config_random(config, throwing, nullptr, nullptr);
  wasi_shim_context_new(config, &guest);
  wasi_shim_config_free(&config);
  std::puts("before");
  std::fflush(stdout);
  alignas(8) static std::uint8_t memory[64];
  try {
    wasi_shim_result result;
    wasi_shim_random_get(guest, 0, memory, sizeof memory, 0, 8, &result);
    std::puts("after");
  } catch (const std::exception &error) {
    std::printf("caught: %s\n", error.what());
  }
  wasi_shim_context_free(&guest);
  return 0;
}
