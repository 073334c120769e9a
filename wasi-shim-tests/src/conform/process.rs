//! Runs a program of somebody else and comes back whatever it does.
//!
//! It may hang, crash, flood its output, leave children behind or never read its input: each is an [`Ending`], and
//! nothing of its process group is left. It knows nothing of WebAssembly; [`command`](super::command) is built on it.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take, and how much it may say.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From its start to its end.
    pub time: Duration,
    /// Bytes of standard output, and as many of standard error.
    pub output: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            output: 16 << 20,
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With this status.
    Exited(i32),
    /// By a signal, which is what a crash is.
    Signalled(i32),
    /// It was still running when its time was over, and was killed.
    TimedOut(Duration),
    /// It said more than it may, and was killed.
    Flooded(usize),
    /// It could not be started.
    NotStarted(String),
}

/// What a program left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

/// How long the output of a program that has ended may stay open, because somebody it started has it.
const GRACE: Duration = Duration::from_millis(200);

/// How often it is looked whether a program has ended that keeps its output open.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

enum Event {
    Said(Stream, Vec<u8>),
    Flooded,
}

/// Runs a program on these bytes as its standard input.
pub fn run(command: &mut Command, stdin: &[u8], bounds: Bounds) -> Finished {
    start(command, stdin, bounds, false)
}

/// The same, but nothing ends behind these bytes: who reads on waits.
pub fn run_open(command: &mut Command, stdin: &[u8], bounds: Bounds) -> Finished {
    start(command, stdin, bounds, true)
}

fn start(command: &mut Command, stdin: &[u8], bounds: Bounds, open: bool) -> Finished {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match piped.process_group(0).spawn() {
        Ok(child) => finish(child, stdin, bounds, open),
        Err(error) => Finished {
            stdout: Vec::new(),
            stderr: Vec::new(),
            ending: Ending::NotStarted(error.to_string()),
        },
    }
}

fn finish(mut child: Child, stdin: &[u8], bounds: Bounds, open: bool) -> Finished {
    let (sender, events) = mpsc::channel();
    listen(
        child.stdout.take(),
        Stream::Out,
        bounds.output,
        sender.clone(),
    );
    listen(child.stderr.take(), Stream::Err, bounds.output, sender);
    let (held, release) = mpsc::channel::<()>();
    feed(child.stdin.take(), stdin.to_vec(), release);
    let held = open.then_some(held);
    let mut heard = Heard::default();
    let stopped = heard.until_end(&events, &child, bounds);
    kill(&child);
    let status = child.wait();
    drop(held);
    // The pipes are closed now, unless somebody left the group; that one is not waited for.
    heard.rest(&events);
    Finished {
        stdout: heard.out.unwrap_or_default(),
        stderr: heard.err.unwrap_or_default(),
        ending: stopped.unwrap_or_else(|| ending(status)),
    }
}

fn ending(status: io::Result<ExitStatus>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signalled(signal.unwrap_or_default()),
        },
        Err(error) => Ending::NotStarted(error.to_string()),
    }
}

/// What has been heard of a program.
#[derive(Default)]
struct Heard {
    out: Option<Vec<u8>>,
    err: Option<Vec<u8>>,
    flooded: bool,
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::Said(Stream::Out, bytes) => self.out = Some(bytes),
            Event::Said(Stream::Err, bytes) => self.err = Some(bytes),
            Event::Flooded => self.flooded = true,
        }
    }

    fn is_complete(&self) -> bool {
        self.out.is_some() && self.err.is_some()
    }

    /// Listens until the program has ended by itself, which is `None`, or has to be ended.
    fn until_end(
        &mut self,
        events: &Receiver<Event>,
        child: &Child,
        bounds: Bounds,
    ) -> Option<Ending> {
        let deadline = Instant::now() + bounds.time;
        let mut gone = None;
        loop {
            if self.flooded {
                return Some(Ending::Flooded(bounds.output));
            }
            let now = Instant::now();
            if has_ended(child) {
                let since = *gone.get_or_insert(now);
                if self.is_complete() || now.duration_since(since) >= GRACE {
                    return None;
                }
            } else if now >= deadline {
                return Some(Ending::TimedOut(bounds.time));
            }
            // A program that closed its output is about to end; the channel would answer at once.
            if self.is_complete() {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            match events.recv_timeout(LOOK) {
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK),
            }
        }
    }

    fn rest(&mut self, events: &Receiver<Event>) {
        while !self.is_complete() {
            match events.recv_timeout(GRACE) {
                Ok(event) => self.take(event),
                Err(_) => return,
            }
        }
    }
}

/// Without reaping it: its number must stay its own until its group was killed.
fn has_ended(child: &Child) -> bool {
    let Some(pid) = pid(child) else { return true };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
}

fn kill(child: &Child) {
    if let Some(pid) = pid(child) {
        // Nobody may be left in the group, which is no error here.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Reads in the background until the end, or until it is too much; what is over the limit is not kept.
fn listen(
    stream: Option<impl Read + Send + 'static>,
    which: Stream,
    limit: usize,
    to: Sender<Event>,
) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let allowed = u64::try_from(limit).unwrap_or(u64::MAX);
        // An error is the end, as of a pipe whose other side was killed.
        let _ = stream
            .take(allowed.saturating_add(1))
            .read_to_end(&mut bytes);
        if bytes.len() > limit {
            bytes.truncate(limit);
            let _ = to.send(Event::Flooded);
        }
        let _ = to.send(Event::Said(which, bytes));
    });
}

/// Writes in the background: a program that reads nothing must not be waited for.
/// The stream ends behind the bytes, as soon as nobody holds it.
fn feed(stream: Option<impl Write + Send + 'static>, bytes: Vec<u8>, held: mpsc::Receiver<()>) {
    let Some(mut stream) = stream else { return };
    thread::spawn(move || {
        // A program may end before it has read everything.
        let _ = stream.write_all(&bytes);
        let _ = held.recv();
    });
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Signalled(signal) => write!(f, "crashed: signal {signal}, {}", name(*signal)),
            Self::TimedOut(time) => write!(f, "hung: it was killed after {} s", time.as_secs_f64()),
            Self::Flooded(limit) => {
                write!(f, "flooded its output: it was killed after {limit} bytes")
            }
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
        }
    }
}

fn name(signal: i32) -> &'static str {
    let named = [
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::ILL, "SIGILL"),
        (Signal::INT, "SIGINT"),
        (Signal::KILL, "SIGKILL"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::SYS, "SIGSYS"),
        (Signal::TERM, "SIGTERM"),
        (Signal::TRAP, "SIGTRAP"),
    ];
    let found = named.iter().find(|(known, _)| known.as_raw() == signal);
    found.map_or("which has no name here", |(_, name)| name)
}
