// A host in C++: handles that free themselves, a failure that is thrown, and a line of output that is told to the program.
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include <wasi_shim.h>

namespace {

void check(wasi_shim_status status) {
  if (status != WASI_SHIM_STATUS_OK) {
    std::string words(wasi_shim_message(nullptr, 0) + 1, '\0');
    wasi_shim_message(reinterpret_cast<std::uint8_t *>(&words[0]), words.size());
    throw std::runtime_error(words);
  }
}

template <typename T, void (*release)(T **)>
struct Free {
  void operator()(T *handle) const { release(&handle); }
};

using Config = std::unique_ptr<wasi_shim_config, Free<wasi_shim_config, wasi_shim_config_free>>;
using Context = std::unique_ptr<wasi_shim_context, Free<wasi_shim_context, wasi_shim_context_free>>;
using Stream = std::unique_ptr<wasi_shim_stream, Free<wasi_shim_stream, wasi_shim_stream_free>>;

// What a function makes, owned.
template <typename Owner, typename Make>
Owner made(Make make) {
  typename Owner::pointer handle = nullptr;
  check(make(&handle));
  return Owner(handle);
}

// No exception may leave it.
void tell(void *, const std::uint8_t *line, std::size_t len) noexcept {
  std::printf("a guest says: %.*s\n", static_cast<int>(len), reinterpret_cast<const char *>(line));
}

int run() {
  Config config = made<Config>(wasi_shim_config_new);
  Stream log =
      made<Stream>([](wasi_shim_stream **place) { return wasi_shim_stream_log(4096, tell, nullptr, nullptr, place); });
  check(wasi_shim_config_stdio(config.get(), 1, log.get()));
  Context guest = made<Context>([&](wasi_shim_context **place) { return wasi_shim_context_new(config.get(), place); });

  // The guest's memory: a buffer of 6 bytes at 16, described at 0; the count goes to 8.
  alignas(8) static std::uint8_t memory[64] = {16, 0, 0, 0, 6};
  std::memcpy(memory + 16, "hello\n", 6);
  wasi_shim_result result;
  wasi_shim_outcome outcome = wasi_shim_fd_write(guest.get(), WASI_SHIM_ABI_PREVIEW1, memory, sizeof memory, 1, 0, 1, 8,
                                                 &result);
  return outcome == WASI_SHIM_OUTCOME_RETURNED && result.value == 0 ? 0 : 1;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
