//! Rights, from the tables of `spec-notes/rights.md`: every call of the first table is made with every right taken away
//! alone, on every kind of descriptor, and is refused exactly where the page says so.
//!
//! `table` reads the page, `kinds` makes descriptors, `scenes` makes the calls; the other files hold the tests.

mod enforced;
mod kinds;
mod lax;
mod read_only;
mod scenes;
mod start;
mod table;
