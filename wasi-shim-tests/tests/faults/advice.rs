//! Advice, whose failure nobody is told.
//!
//! Knows that it is given to the kernel all the same: one that ends whoever gives it ends the process. The matrix knows that
//! its failure is no answer.

use crate::again;
use crate::calls::numbers;
use crate::operations;
use crate::scene::{Base, Place, Scene};
use std::os::unix::process::ExitStatusExt;
use wasi_shim_tests::seccomp::{deadly, enter};

#[test]
fn advice_is_given_to_the_kernel_though_nobody_is_told_what_it_says() {
    if again::folder().is_some() {
        let mut scene = Scene::new(Base::Host, Place::Bare);
        enter(&deadly(&numbers("fadvise64")));
        let answer = (operations::named("fd_advise").run)(&mut scene.guest, scene.fds);
        panic!("it was not asked, and {answer:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let this = "advice::advice_is_given_to_the_kernel_though_nobody_is_told_what_it_says";
    let output = again::output(this, "ulimit -c 0;", folder.path());
    assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{output:?}");
}
