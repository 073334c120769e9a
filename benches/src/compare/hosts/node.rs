//! Node's `node:wasi`, in a process of its own that is told what to do line by line.

use super::{Failed, Host};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The program that runs the guest there.
const SCRIPT: &str = include_str!("node.mjs");

/// The process.
pub struct Node {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts it with a guest over a folder. `scratch` is where its two files go.
    ///
    /// # Errors
    /// Why it could not be started; most often that there is no `node`.
    pub fn start(guest: &[u8], folder: &Path, scratch: &Path) -> Result<Self, Failed> {
        let (script, module) = (scratch.join("node.mjs"), scratch.join("guest.wasm"));
        std::fs::write(&script, SCRIPT).map_err(Failed::of)?;
        std::fs::write(&module, guest).map_err(Failed::of)?;
        let mut child = Command::new("node")
            .arg("--no-warnings")
            .args([&script, &module])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failed::Broken(format!("node: {error}")))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (ask, answers) = pipes.ok_or_else(|| Failed::of("node: no pipes"))?;
        Ok(Self {
            child,
            ask,
            answers: BufReader::new(answers),
        })
    }

    fn call(&mut self, function: &str, turns: u32) -> Result<Duration, Failed> {
        writeln!(self.ask, "{function} {turns}").map_err(Failed::of)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(Failed::of)?;
        match line.trim_end().split_once(' ') {
            Some(("took", nanoseconds)) => nanoseconds
                .parse()
                .map(Duration::from_nanos)
                .map_err(Failed::of),
            Some(("answered", answer)) => Err(Failed::Answer(answer.parse().map_err(Failed::of)?)),
            _ => Err(Failed::Broken(format!("node: {line:?}"))),
        }
    }
}

impl Host for Node {
    fn name(&self) -> &str {
        "node"
    }

    fn prepare(&mut self, operation: usize) -> Result<(), Failed> {
        self.call(&format!("before{operation}"), 1).map(drop)
    }

    fn run(&mut self, operation: usize, turns: u32) -> Result<Duration, Failed> {
        self.call(&format!("run{operation}"), turns)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to be done about either failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
