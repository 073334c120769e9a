//! The tables of `spec-notes` against the library: what a page lists is tried out, or compared, row by row.
//!
//! Each file is about the tables of one subject. A row that nothing tries is a failure, so that a table cannot say more
//! than is checked.

mod errors;
mod fixed;
mod last_component;
mod limits;
mod polling;
mod records;
mod sockets;

use wasi_shim_tests::trees::Tree;

#[test]
fn limits_are_the_librarys() {
    limits::check_settable();
    limits::check_fixed();
    limits::check_own();
}

#[test]
fn the_last_component_is_treated_as_in_the_table() {
    for make in [Tree::memory, Tree::host] {
        last_component::check(make);
    }
}

#[test]
fn fixed_answers_are_given() {
    fixed::check("posix-subset.md", "What is fixed");
    fixed::check("fixed-answers.md", "Fixed answers");
}

#[test]
fn error_codes_are_the_librarys() {
    errors::check_codes();
}

#[test]
fn native_codes_are_translated_as_in_the_table() {
    errors::check_native();
    errors::check_kinds();
}

#[test]
fn records_are_laid_out_as_in_the_table() {
    records::check_fields();
    records::check_sizes();
}

#[test]
fn events_are_as_in_the_table() {
    polling::check_events();
    polling::check_errors();
}

#[test]
fn functions_on_sockets_take_what_is_in_the_table() {
    sockets::check();
}
