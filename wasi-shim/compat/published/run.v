#!/usr/bin/env bash
# Compiles two crates as they were published for wasi-common, not a byte of their sources changed, against the drop-in, and
# runs a guest with each: wasmtime-wasi-threads 46.0.3 and wasmi_wasi 2.0.0. Only lines about dependencies are rewritten.
# Cargo gets the crates; what it gets and builds stays below target/. It takes some minutes the first time, seconds then.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/target/compat-published
# What the project's own tests have compiled is used again.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$work/crates"

# Where cargo keeps the sources of a crate, after getting them. A package that depends on nothing else asks for them.
sources() {
    local name=$1 version=$2 ask=$work/ask-$1
    mkdir -p "$ask/src"
    : >"$ask/src/lib.rs"
    cat >"$ask/Cargo.toml" <<END
[workspace]
[package]
name = "ask"
version = "0.0.0"
edition = "2024"
[dependencies]
$name = "=$version"
END
    cargo metadata --quiet --format-version 1 --manifest-path "$ask/Cargo.toml" |
        grep -o "\"manifest_path\":\"[^\"]*/$name-$version/Cargo.toml\"" | head -n 1 | cut -d '"' -f 4 | xargs dirname
}

# Copies a crate, unless it is there, and compares every source with what was published.
copy() {
    local name=$1 version=$2
    if [ ! -d "$work/crates/$name/src" ]; then
        local from
        from=$(sources "$name" "$version")
        rm -rf "$work/crates/$name"
        mkdir -p "$work/crates/$name"
        cp -r "$from/src" "$from/Cargo.toml" "$work/crates/$name/"
        mv "$work/crates/$name/Cargo.toml" "$work/crates/$name/published.toml"
    fi
    (cd "$work/crates" && grep " $name/" "$here/checksums" | sha256sum --quiet --strict --check -)
    [ "$(cd "$work/crates" && find "$name" -name '*.rs' | wc -l)" = "$(grep -c " $name/" "$here/checksums")" ]
}

# The line with a crate's version, after the heading of its dependency, becomes these.
depend() {
    local name=$1 lines=$2
    awk -v heading="[dependencies.$name]" -v lines="$lines" '
        /^\[/ { inside = ($0 == heading) }
        inside && /^version = / { print lines; next }
        { print }
    '
}

dropin="package = \"wasi-shim-compat\"\npath = \"$root/wasi-shim/compat\""

copy wasmtime-wasi-threads 46.0.3
depend wasi-common "$dropin" <"$work/crates/wasmtime-wasi-threads/published.toml" |
    depend wasmtime 'version = "48.0.8"' | depend wasmtime-wasi 'version = "48.0.8"' \
    >"$work/crates/wasmtime-wasi-threads/Cargo.toml"

copy wasmi_wasi 2.0.0
depend wasi-common "$dropin" <"$work/crates/wasmi_wasi/published.toml" |
    sed 's/^features = \["sync"\]$/features = ["sync", "wiggle-36"]/' >"$work/crates/wasmi_wasi/Cargo.toml"

for program in threads wasmi; do
    rm -rf "${work:?}/$program"
    cp -r "$here/$program" "$work/"
done
# The versions and settings are the project's.
[ -e "$work/Cargo.lock" ] || cp "$root/Cargo.lock" "$work/"
{
    printf '[workspace]\nresolver = "3"\nmembers = ["crates/*", "threads", "wasmi"]\n\n'
    sed -n '/^\[profile.dev\]/,/^$/p; /^\[profile.dev.package/,/^$/p' "$root/Cargo.toml"
} >"$work/Cargo.toml"

cd "$work"
expect() {
    if [ "$1" != "$2" ]; then
        printf 'got:\n%s\nand not:\n%s\n' "$1" "$2" >&2
        exit 1
    fi
}

cargo build -p published-wasmi
mkdir -p "$work/directory"
printf 'from a file, ' >"$work/directory/file"
output=$("$CARGO_TARGET_DIR/debug/published-wasmi" "$work/directory")
expect "$output" 'from standard input, from a file, and exit code Some(130)'
echo 'wasmi_wasi 2.0.0, as published: standard streams, a directory, a sleep and an exit'

cargo build -p published-threads
status=0
output=$("$CARGO_TARGET_DIR/debug/published-threads") || status=$?
expect "$output, $status" 'the sum is 10, 42'
echo 'wasmtime-wasi-threads 46.0.3, as published: five threads, ended by one of them'
