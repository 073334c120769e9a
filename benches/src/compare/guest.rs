//! The guest: one module that every host runs, with a loop for each operation.
//!
//! It is made from the operations. What a call answers is compared with what it is to answer, so that no host is fast by
//! failing. It does not know which host it runs on.

use super::layout::Layout;
use super::operation::{Arg, Body, Operation, Step};
use std::fmt::Write;
use wasi_shim::abi::{CoreType, Syscall};

/// The module, as text. `shared` gives it a memory that threads could share.
pub fn module(operations: &[Operation], layout: &Layout, shared: bool) -> String {
    let mut text = String::from("(module\n");
    for call in Syscall::ALL {
        import(&mut text, *call);
    }
    let pages = layout.pages() + 1;
    let memory = if shared {
        format!("{pages} {pages} shared")
    } else {
        pages.to_string()
    };
    let _ = writeln!(text, "(memory (export \"memory\") {memory})");
    // Which answer was wrong, and what it was: a host that cannot do something is told from one that is broken.
    text += "(global $answer (export \"answer\") (mut i32) (i32.const 0))\n";
    for (index, operation) in operations.iter().enumerate() {
        function(
            &mut text,
            &format!("before{index}"),
            &steps(&operation.before),
        );
        function(
            &mut text,
            &format!("run{index}"),
            &repeated(&operation.body),
        );
    }
    text + &layout.segment() + ")"
}

fn import(text: &mut String, call: Syscall) {
    let signature = call.signature();
    let params: Vec<&str> = signature
        .params
        .iter()
        .map(|(_, core)| match core {
            CoreType::I32 => "i32",
            CoreType::I64 => "i64",
        })
        .collect();
    let result = if call == Syscall::ProcExit {
        ""
    } else {
        "(result i32)"
    };
    let (name, params) = (signature.name, params.join(" "));
    let _ = writeln!(
        text,
        "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {params}) {result}))"
    );
}

fn function(text: &mut String, name: &str, body: &str) {
    let _ = writeln!(
        text,
        "(func (export \"{name}\") (param $n i32) (local $got i32) (local $i i32) (local $at i32) (local $end i32)
            (local $cookie i64) (local $rest i32)\n{body})"
    );
}

fn repeated(body: &Body) -> String {
    let once = match body {
        Body::Steps(list) => steps(list),
        Body::Listing { dir, buffer } => listing(*dir, *buffer),
        Body::Creation { dir, count, name } => creation(*dir, *count, *name),
    };
    format!(
        "(loop $again {once} (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    )
}

fn steps(list: &[Step]) -> String {
    list.iter().map(step).collect()
}

fn step(step: &Step) -> String {
    let Step { call, args, answer } = step;
    let args: String = args.iter().map(argument).collect();
    format!(
        "(if (i32.ne (local.tee $got (call ${call} {args})) (i32.const {answer}))
            (then (global.set $answer (local.get $got)) unreachable))\n"
    )
}

fn argument(arg: &Arg) -> String {
    match arg {
        Arg::I32(value) => format!("(i32.const {})", value.cast_signed()),
        Arg::I64(value) => format!("(i64.const {})", value.cast_signed()),
        Arg::At(address) => format!("(i32.load (i32.const {address}))"),
        Arg::Cookie => "(local.get $cookie)".to_owned(),
    }
}

/// How large the buffer of a listing is; the count of its bytes stands behind it.
const BUFFER: u32 = 4096;

/// Reads on from the last entry that was whole, as C libraries do.
fn listing(dir: u32, buffer: u32) -> String {
    let used = buffer + BUFFER;
    let call = step(&Step {
        call: "fd_readdir",
        args: vec![
            Arg::At(dir),
            Arg::I32(buffer),
            Arg::I32(BUFFER),
            Arg::Cookie,
            Arg::I32(used),
        ],
        answer: 0,
    });
    format!(
        "(local.set $cookie (i64.const 0))
        (loop $more
            {call}
            (local.set $at (i32.const {buffer}))
            (local.set $end (i32.add (i32.const {buffer}) (i32.load (i32.const {used}))))
            (block $cut (loop $next
                (br_if $cut (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $end)))
                (local.set $i (i32.add (i32.add (local.get $at) (i32.const 24))
                    (i32.load offset=16 (local.get $at))))
                (br_if $cut (i32.gt_u (local.get $i) (local.get $end)))
                (local.set $cookie (i64.load (local.get $at)))
                (local.set $at (local.get $i))
                (br $next)))
            (br_if $more (i32.eq (i32.load (i32.const {used})) (i32.const {BUFFER}))))\n"
    )
}

/// Makes files with names of eight digits.
fn creation(dir: u32, count: u32, name: u32) -> String {
    let fd = name + 16;
    let create = step(&Step {
        call: "path_open",
        args: vec![
            Arg::At(dir),
            Arg::I32(0),
            Arg::I32(name),
            Arg::I32(8),
            Arg::I32(5),
            Arg::I64(1 << 6),
            Arg::I64(0),
            Arg::I32(0),
            Arg::I32(fd),
        ],
        answer: 0,
    });
    let close = step(&Step {
        call: "fd_close",
        args: vec![Arg::At(fd)],
        answer: 0,
    });
    format!(
        "(local.set $i (i32.const {count}))
        (loop $more
            (local.set $rest (local.get $i))
            (local.set $at (i32.const {last}))
            (loop $digit
                (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
                (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
                (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                (br_if $digit (i32.ge_u (local.get $at) (i32.const {name}))))
            {create}{close}
            (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))\n",
        last = name + 7,
    )
}
