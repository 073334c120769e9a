#include "command.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fail(int status, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
  exit(status);
}

_Noreturn void fail_by_library(int status, const char *what) {
  char words[1024];
  wasi_shim_message((uint8_t *)words, sizeof words);
  fail(status, "%s: %s", what, words);
}

static void check(wasi_shim_status status, const char *what) {
  if (status != WASI_SHIM_STATUS_OK) {
    fail_by_library(1, what);
  }
}

static void give_dir(wasi_shim_config *config, const char *option, uint32_t access) {
  char *host = strdup(option);
  char *guest = strstr(host, "::");
  if (guest != NULL) {
    *guest = '\0';
    guest += 2;
  } else {
    guest = host;
  }
  wasi_shim_dir *dir;
  check(wasi_shim_dir_host(host, &dir), "a directory");
  check(wasi_shim_config_preopen(config, guest, dir, access), option);
  wasi_shim_dir_free(&dir);
  free(host);
}

static void set_variable(wasi_shim_config *config, const char *option) {
  char *name = strdup(option);
  char *value = strchr(name, '=');
  if (value == NULL) {
    fail(2, "--env %s: it should be NAME=VALUE", option);
  }
  *value = '\0';
  check(wasi_shim_config_env(config, name, value + 1), option);
  free(name);
}

wasi_shim_context *guest_of(int argc, char **argv, const char **module) {
  /* Who writes to a pipe without a reader is to be told so, and not killed. */
  signal(SIGPIPE, SIG_IGN);
  wasi_shim_config *config;
  check(wasi_shim_config_new(&config), "a configuration");
  check(wasi_shim_config_inherit_stdio(config), "the standard streams");

  const char *name = NULL;
  int at = 1;
  for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
    const char *value = argv[at + 1];
    if (strcmp(argv[at], "--dir") == 0) {
      give_dir(config, value, WASI_SHIM_ACCESS_READ_WRITE);
    } else if (strcmp(argv[at], "--ro-dir") == 0) {
      give_dir(config, value, WASI_SHIM_ACCESS_READ_ONLY);
    } else if (strcmp(argv[at], "--env") == 0) {
      set_variable(config, value);
    } else if (strcmp(argv[at], "--argv0") == 0) {
      name = value;
    } else {
      fail(2, "%s is no option: there are --dir, --ro-dir, --env and --argv0", argv[at]);
    }
  }
  if (at >= argc) {
    fail(2, "usage: %s [OPTION VALUE]... MODULE [ARGUMENT]...", argv[0]);
  }

  *module = argv[at];
  check(wasi_shim_config_arg(config, name != NULL ? name : argv[at]), "--argv0");
  for (at += 1; at < argc; at += 1) {
    check(wasi_shim_config_arg(config, argv[at]), argv[at]);
  }
  wasi_shim_context *context;
  check(wasi_shim_context_new(config, &context), "the guest");
  wasi_shim_config_free(&config);
  return context;
}
