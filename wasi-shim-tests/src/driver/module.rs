//! The driver itself, as the text of a module: a table of all functions, and `interpreter.wat`; and the driver whose
//! calls are made by a thread that it begins, over a memory that is shared.
//!
//! It imports the 46 functions by the library's own table, so that it cannot lag behind it.

use super::{MARK, op, place};
use crate::script::MEMORY;
use std::fmt::Write as _;
use wasi_shim::abi::{CoreType, Syscall};

/// The driver as WebAssembly.
pub fn module() -> Vec<u8> {
    wat::parse_str(text()).expect("the driver's text is a module")
}

/// The driver of which a thread makes all calls, while the main one waits for it.
pub fn threaded_module() -> Vec<u8> {
    wat::parse_str(threaded_text()).expect("the driver's text is a module")
}

/// The driver as text.
fn text() -> String {
    let memory = format!("(memory (export \"memory\") {PAGES} {PAGES})\n");
    assembled(&memory, &functions(), "")
}

fn threaded_text() -> String {
    let imports = format!(
        "(import \"wasi\" \"thread-spawn\" (func $spawn (param i32) (result i32)))\n\
         (import \"env\" \"memory\" (memory {PAGES} {PAGES} shared))\n(export \"memory\" (memory 0))\n"
    );
    let functions = functions().replace("(export \"_start\")", "$interpret");
    let done = place::DONE;
    let threads = format!(
        "(func (export \"wasi_thread_start\") (param i32 i32)
           (call $interpret)
           (i32.atomic.store (i32.const {done}) (i32.const 1))
           (drop (memory.atomic.notify (i32.const {done}) (i32.const 1))))
         (func (export \"_start\")
           (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
           (drop (memory.atomic.wait32 (i32.const {done}) (i32.const 0) (i64.const -1))))"
    );
    assembled(&imports, &functions, &threads)
}

const PAGES: u32 = MEMORY >> 16;

/// Imports come first, and so `memory`, if that is what it is.
fn assembled(memory: &str, functions: &str, rest: &str) -> String {
    let imports: String = Syscall::ALL.iter().map(|call| import(*call)).collect();
    let dispatch = dispatch();
    format!("(module\n{imports}{memory}{dispatch}{functions}{rest})")
}

fn import(call: Syscall) -> String {
    let params = call.signature().params.iter().map(|(_, kind)| match kind {
        CoreType::I32 => " i32",
        CoreType::I64 => " i64",
    });
    let name = call.name();
    let result = if call == Syscall::ProcExit {
        ""
    } else {
        " (result i32)"
    };
    let params: String = params.collect();
    format!(
        "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param{params}){result}))\n"
    )
}

/// `$call`: calls the function of a number with the arguments that have been put in their places.
fn dispatch() -> String {
    let mut text = "(func $call (param $function i32) (result i32)\n".to_owned();
    for call in Syscall::ALL.iter().rev() {
        let _ = writeln!(text, "(block ${}", call.name());
    }
    let names = Syscall::ALL.iter().map(|call| format!(" ${}", call.name()));
    let names: String = names.collect();
    let _ = writeln!(text, "(br_table{names} $sched_yield (local.get $function))");
    for call in Syscall::ALL {
        let args = (0..)
            .zip(call.signature().params)
            .map(|(index, (_, kind))| {
                let at = place::ARGS + 8 * index;
                match kind {
                    CoreType::I32 => format!(" (i32.load (i32.const {at}))"),
                    CoreType::I64 => format!(" (i64.load (i32.const {at}))"),
                }
            });
        let args: String = args.collect();
        let name = call.name();
        let result = if *call == Syscall::ProcExit {
            "(i32.const 0)"
        } else {
            ""
        };
        let _ = writeln!(text, ") (call ${name}{args}) {result} (return)");
    }
    text += "unreachable)\n";
    text
}

/// The interpreter, with its numbers filled in.
fn functions() -> String {
    let mut text = include_str!("interpreter.wat").to_owned();
    for (name, number) in [
        ("program", place::PROGRAM),
        ("result", place::RESULT),
        ("result_data", place::RESULT + 16),
        ("iovec", place::IOVEC),
        ("count", place::COUNT),
        ("mark", u32::from_le_bytes(MARK)),
        ("registers", place::REGISTERS),
        ("args", place::ARGS),
    ] {
        text = text.replace(&format!("@{name}@"), &number.to_string());
    }
    let numbers: String = (0..=op::COUNT).map(|number| format!(" {number}")).collect();
    let labels = "(block ".repeat(op::COUNT as usize + 1);
    text.replace("@labels@", &labels)
        .replace("@numbers@", &numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_imports_every_function_and_no_other() {
        let text = text();
        assert_eq!(text.matches("(import ").count(), 46);
        assert!(!module().is_empty());
        assert_eq!(threaded_text().matches("(import ").count(), 48);
        assert!(!threaded_module().is_empty());
    }
}
