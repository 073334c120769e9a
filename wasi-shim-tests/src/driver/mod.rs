//! Cases for any host of preview1: one module, which is told on standard input what to call.
//!
//! [`module`] is the same for every case. [`input`] puts a plan into a form that needs no understanding, [`results`] takes
//! apart what comes back on standard output. Nothing here knows what a call means or how a host is started.
//!
//! What a case itself reads from standard input follows the plan; what it writes to standard output lies between the
//! results, which are recognised by their [`MARK`].

mod module;
mod program;
mod results;

pub use module::{module, threaded_module};
pub use program::input;
pub use results::results;

/// What a result begins with: three bytes that no text has in this order.
pub const MARK: [u8; 4] = [0xf5, b'W', b'S', 0xfe];

/// Where things are in the driver's memory. The plan's own room ends at 2 MiB.
mod place {
    /// A buffer's address and length, and a count.
    pub(super) const IOVEC: u32 = 16;
    pub(super) const COUNT: u32 = 24;
    /// Arguments of the next call, eight bytes each.
    pub(super) const ARGS: u32 = 64;
    /// Where a thread tells that it is done, in the driver that has one.
    pub(super) const DONE: u32 = 512;
    /// 64 registers, eight bytes each.
    pub(super) const REGISTERS: u32 = 1024;
    /// The program, and how long it may be.
    pub(super) const PROGRAM: u32 = 2 << 20;
    pub(super) const PROGRAM_LEN: u32 = 1 << 20;
    /// The result of the step that is being carried out; it may be as long as the plan's own room.
    pub(super) const RESULT: u32 = 4 << 20;
}

/// What a program is made of: each is four bytes, as are its operands.
mod op {
    /// Nothing more.
    pub(super) const END: u32 = 0;
    /// Address, length, bytes.
    pub(super) const POKE: u32 = 1;
    /// Register, address, width.
    pub(super) const STORE: u32 = 2;
    /// Position, low half, high half.
    pub(super) const CONST: u32 = 3;
    /// Position, register.
    pub(super) const REGISTER: u32 = 4;
    /// Function.
    pub(super) const CALL: u32 = 5;
    /// Address, length.
    pub(super) const OUT: u32 = 6;
    /// Register, address, width.
    pub(super) const LOAD: u32 = 7;
    /// The step ends, and its result is written.
    pub(super) const FLUSH: u32 = 8;
    /// How many there are.
    pub(super) const COUNT: u32 = 9;
}
