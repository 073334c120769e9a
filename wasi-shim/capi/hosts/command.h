/*
 * The command line of the hosts: what it says of a guest becomes a configuration.
 *
 *     HOST [--dir DIR[::GUEST]] [--ro-dir DIR[::GUEST]] [--env NAME=VALUE] [--argv0 NAME] MODULE [ARGUMENT...]
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <wasi_shim.h>

/* Makes a guest of the command line, with this process's standard streams, and says which file the module is in. Ends the
 * process with a message if that cannot be. */
wasi_shim_context *guest_of(int argc, char **argv, const char **module);

/* Ends the process with a message, as `printf` has it. */
_Noreturn void fail(int status, const char *format, ...);

/* Ends the process with the words of the library for what went wrong last. */
_Noreturn void fail_by_library(int status, const char *what);

enum { TRAPPED = 134 };

#endif
