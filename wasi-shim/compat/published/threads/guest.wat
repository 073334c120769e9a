;; Four threads add; the last of all ends the process with 42 while the first waits for ever.
(module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (data (i32.const 256) "the sum is 10\n")
  (data (i32.const 16) "\00\01\00\00\0e\00\00\00")
  (func (export "wasi_thread_start") (param $tid i32) (param $arg i32)
    (if (i32.eq (local.get $arg) (i32.const 100))
      (then (call $exit (i32.const 42))))
    (drop (i32.atomic.rmw.add (i32.const 64) (local.get $arg)))
    (drop (i32.atomic.rmw.add (i32.const 68) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 68) (i32.const 1))))
  (func (export "_start") (local $n i32)
    (loop $more
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (if (i32.le_s (call $spawn (local.get $n)) (i32.const 0)) (then (unreachable)))
      (br_if $more (i32.lt_u (local.get $n) (i32.const 4))))
    (loop $wait
      (local.set $n (i32.atomic.load (i32.const 68)))
      (if (i32.lt_u (local.get $n) (i32.const 4))
        (then
          (drop (memory.atomic.wait32 (i32.const 68) (local.get $n) (i64.const -1)))
          (br $wait))))
    (if (i32.ne (i32.atomic.load (i32.const 64)) (i32.const 10)) (then (unreachable)))
    ;; wasi-common refuses this as soon as there are threads.
    (if (call $flags (i32.const 1) (i32.const 1)) (then (call $exit (i32.const 1))))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (drop (call $spawn (i32.const 100)))
    (drop (memory.atomic.wait32 (i32.const 72) (i32.const 0) (i64.const -1)))))
