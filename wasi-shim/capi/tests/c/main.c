/* Runs the tests of the interface in C, and has what they share. */
#include "check.h"

_Alignas(8) uint8_t memory[MEMORY];

void put32(uint32_t at, uint32_t value) { memcpy(memory + at, &value, sizeof value); }

uint32_t get32(uint32_t at) {
  uint32_t value;
  memcpy(&value, memory + at, sizeof value);
  return value;
}

const char *message(void) {
  static char words[512];
  wasi_shim_message((uint8_t *)words, sizeof words);
  return words;
}

wasi_shim_config *config(void) {
  wasi_shim_config *made;
  OK(wasi_shim_config_new(&made));
  return made;
}

wasi_shim_context *guest(wasi_shim_config *from) {
  wasi_shim_context *context;
  OK(wasi_shim_context_new(from, &context));
  wasi_shim_config_free(&from);
  CHECK(from == NULL);
  return context;
}

wasi_shim_context *guest_with(wasi_shim_dir *dir, uint32_t access) {
  wasi_shim_config *made = config();
  OK(wasi_shim_config_preopen(made, "/", dir, access));
  wasi_shim_dir_free(&dir);
  return guest(made);
}

static uint32_t returned(const wasi_shim_result *result) {
  CHECK(result->outcome == WASI_SHIM_OUTCOME_RETURNED);
  CHECK(result->blocked == NULL);
  return result->value;
}

uint32_t write_text(wasi_shim_context *context, uint32_t fd, const char *text) {
  uint32_t len = (uint32_t)strlen(text);
  memcpy(memory + TEXT, text, len);
  put32(VECTOR, TEXT);
  put32(VECTOR + 4, len);
  wasi_shim_result result;
  wasi_shim_fd_write(context, WASI_SHIM_ABI_PREVIEW1, memory, MEMORY, fd, VECTOR, 1, RESULT, &result);
  return returned(&result);
}

uint32_t open_file(wasi_shim_context *context, const char *path, uint32_t oflags, uint64_t rights, uint32_t *fd) {
  uint32_t len = (uint32_t)strlen(path);
  memcpy(memory + TEXT, path, len);
  wasi_shim_result result;
  wasi_shim_path_open(context, WASI_SHIM_ABI_PREVIEW1, memory, MEMORY, 3, 1, TEXT, len, oflags, rights, 0, 0, RESULT,
                      &result);
  *fd = get32(RESULT);
  return returned(&result);
}

uint32_t read_text(wasi_shim_context *context, uint32_t fd, char *text, uint32_t room) {
  put32(VECTOR, BUFFER);
  put32(VECTOR + 4, room - 1);
  put32(RESULT, 0);
  wasi_shim_result result;
  wasi_shim_fd_read(context, WASI_SHIM_ABI_PREVIEW1, memory, MEMORY, fd, VECTOR, 1, RESULT, &result);
  uint32_t count = get32(RESULT);
  memcpy(text, memory + BUFFER, count);
  text[count] = '\0';
  return returned(&result);
}

int main(void) {
  test_errors();
  test_calls();
  test_trees();
  test_callbacks();
  test_within();
  test_composed();
  test_waiting();
  test_ending();
  puts("everything is as the header says");
  return 0;
}
