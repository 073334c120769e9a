;; The driver, without the functions it imports and the table of them: an interpreter of programs. Words between two @ are
;; filled in by `module`, which also says what is where in the memory.
;;
;; $at is where the next word of the program is, $end where the result ends so far.

(global $at (mut i32) (i32.const @program@))
(global $end (mut i32) (i32.const @result@))
(global $step (mut i32) (i32.const 0))

;; Reads exactly so many bytes, or traps.
(func $read (param $to i32) (param $len i32)
  (loop $more
    (if (i32.eqz (local.get $len)) (then (return)))
    (i32.store (i32.const @iovec@) (local.get $to))
    (i32.store offset=4 (i32.const @iovec@) (local.get $len))
    (if (call $fd_read (i32.const 0) (i32.const @iovec@) (i32.const 1) (i32.const @count@)) (then unreachable))
    (if (i32.eqz (i32.load (i32.const @count@))) (then unreachable))
    (local.set $to (i32.add (local.get $to) (i32.load (i32.const @count@))))
    (local.set $len (i32.sub (local.get $len) (i32.load (i32.const @count@))))
    (br $more)))

;; Writes the result, as far as it can be written.
(func $flush (local $from i32)
  (i32.store (i32.const @result@) (i32.const @mark@))
  (i32.store offset=4 (i32.const @result@) (global.get $step))
  (i32.store offset=8 (i32.const @result@) (i32.sub (global.get $end) (i32.const @result@)))
  (local.set $from (i32.const @result@))
  (loop $more
    (i32.store (i32.const @iovec@) (local.get $from))
    (i32.store offset=4 (i32.const @iovec@) (i32.sub (global.get $end) (local.get $from)))
    (if (call $fd_write (i32.const 1) (i32.const @iovec@) (i32.const 1) (i32.const @count@)) (then (return)))
    (local.set $from (i32.add (local.get $from) (i32.load (i32.const @count@))))
    (br_if $more (i32.lt_u (local.get $from) (global.get $end))))
  (global.set $step (i32.add (global.get $step) (i32.const 1))))

;; The next word of the program.
(func $next (result i32)
  (i32.load (global.get $at))
  (global.set $at (i32.add (global.get $at) (i32.const 4))))

(func $register (result i32)
  (i32.add (i32.const @registers@) (i32.mul (call $next) (i32.const 8))))

(func $argument (result i32)
  (i32.add (i32.const @args@) (i32.mul (call $next) (i32.const 8))))

;; What `memory.copy` does, for bytes that do not overlap: some engines have no more than the first version of WebAssembly.
(func $copy (param $to i32) (param $from i32) (param $len i32)
  (loop $more
    (if (i32.eqz (local.get $len)) (then (return)))
    (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
    (local.set $to (i32.add (local.get $to) (i32.const 1)))
    (local.set $from (i32.add (local.get $from) (i32.const 1)))
    (local.set $len (i32.sub (local.get $len) (i32.const 1)))
    (br $more)))

(func $append (param $from i32) (param $len i32)
  (call $copy (global.get $end) (local.get $from) (local.get $len))
  (global.set $end (i32.add (global.get $end) (local.get $len))))

(func $poke (local $to i32) (local $len i32)
  (local.set $to (call $next))
  (local.set $len (call $next))
  (call $copy (local.get $to) (global.get $at) (local.get $len))
  (global.set $at (i32.add (global.get $at) (local.get $len))))

(func $store (local $register i32)
  (local.set $register (call $register))
  (call $copy (call $next) (local.get $register) (call $next)))

(func $load (local $register i32)
  (local.set $register (call $register))
  (i64.store (local.get $register) (i64.const 0))
  (call $copy (local.get $register) (call $next) (call $next)))

(func $begin (param $errno i32)
  (i32.store offset=12 (i32.const @result@) (local.get $errno))
  (global.set $end (i32.const @result_data@)))

(func (export "_start") (local $target i32)
  (call $read (i32.const @args@) (i32.const 4))
  (call $read (i32.const @program@) (i32.load (i32.const @args@)))
  (loop $loop
    @labels@
      (br_table@numbers@ (call $next)) )
    (return) )
    (call $poke) (br $loop) )
    (call $store) (br $loop) )
    (local.set $target (call $argument))
    (i32.store (local.get $target) (call $next))
    (i32.store offset=4 (local.get $target) (call $next)) (br $loop) )
    (i64.store (call $argument) (i64.load (call $register))) (br $loop) )
    (call $begin (call $call (call $next))) (br $loop) )
    (call $append (call $next) (call $next)) (br $loop) )
    (call $load) (br $loop) )
    (call $flush) (br $loop) )
    unreachable))
