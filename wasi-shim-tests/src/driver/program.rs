//! From a plan to the bytes that the driver reads.

use super::{op, place};
use crate::script::{Arg, Case, Place, Plan, ScriptError, Step};
use wasi_shim::abi::Syscall;

/// What the driver is to be given on standard input: the plan, then what the case itself reads.
///
/// # Errors
/// If the case is too long for the driver.
pub fn input(case: &Case, plan: &Plan) -> Result<Vec<u8>, ScriptError> {
    let mut program = Program::default();
    for step in &plan.steps {
        program.step(step);
    }
    program.words([op::END]);
    let len = u32::try_from(program.0.len()).ok();
    let len = len.filter(|len| *len <= place::PROGRAM_LEN);
    let len = len.ok_or_else(|| {
        ScriptError::new("the case is longer than 1 MiB").at(&case.file, case.line)
    })?;
    Ok([&len.to_le_bytes()[..], &program.0, &case.stdin].concat())
}

#[derive(Default)]
struct Program(Vec<u8>);

impl Program {
    fn words<const N: usize>(&mut self, words: [u32; N]) {
        self.0
            .extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    fn step(&mut self, step: &Step) {
        for (at, bytes) in &step.pokes {
            self.words([op::POKE, *at, bytes.len() as u32]);
            self.0.extend(bytes);
        }
        for (register, Place { at, width }) in &step.stores {
            self.words([op::STORE, u32::from(*register), *at, u32::from(*width)]);
        }
        for (index, arg) in (0..).zip(&step.args) {
            match arg {
                Arg::Const(number) => {
                    let number = number.cast_unsigned();
                    self.words([op::CONST, index, number as u32, (number >> 32) as u32]);
                }
                Arg::Register(register) => self.words([op::REGISTER, index, u32::from(*register)]),
            }
        }
        self.words([op::CALL, function(step.call)]);
        for out in &step.outs {
            self.words([op::OUT, out.at, out.len]);
        }
        for (register, Place { at, width }) in &step.loads {
            self.words([op::LOAD, u32::from(*register), *at, u32::from(*width)]);
        }
        self.words([op::FLUSH]);
    }
}

/// Its position in the driver's table.
fn function(call: Syscall) -> u32 {
    let at = Syscall::ALL.iter().position(|known| *known == call);
    at.expect("every function is in the table") as u32
}
