//! How values cross the boundary: every pointer and every length of every function, where it is good and where it is
//! not, in both modules, with both kinds of memory and both answers to a bad pointer.
//!
//! `shapes` says what each parameter is, `layout` puts a call into a memory, `world` makes it and sees what has changed;
//! the other files hold the tests. A function that has no row in `shapes` does not compile.

mod faults;
mod layout;
mod numbers;
mod order;
mod outputs;
mod shapes;
mod texts;
mod world;
