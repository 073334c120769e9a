#!/bin/sh
# wamr.sh MODULE OPTIONS... -- ARGUMENTS...
# Runs a module under `wamr`, which wants it compiled: `wamrc` does that once for each module, into a temporary folder that
# stays. It is named after what is in the module.
module=$1
shift
compiled=${TMPDIR:-/tmp}/conform-wamr-$(id -u)
mkdir -p "$compiled" || exit 70
compiled=$compiled/$(cksum <"$module" | tr ' ' -).cwasm
if [ ! -f "$compiled" ]; then
  wamrc compile -o "$compiled.$$" "$module" >/dev/null || exit 70
  mv "$compiled.$$" "$compiled"
fi
# What comes before `--` goes before the module, what comes after it behind.
count=$#
seen=
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  if [ -z "$seen" ] && [ "$word" = -- ]; then
    seen=1
    set -- "$@" "$compiled"
  else
    set -- "$@" "$word"
  fi
  count=$((count - 1))
done
exec wamr run "$@"
