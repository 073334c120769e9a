//! Many guests at once, called asynchronously: what the program `crowd` runs, and an ordinary test with fewer.
//!
//! Knows an engine, a module, and what guests wait for. Refuses to know how many are many.

mod line;
mod module;
mod report;

pub use line::Line;
pub use report::Report;

use module::Prepared;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use wasi_shim::Wasi;

/// How many guests, and what they wait for.
#[derive(Clone, Debug, clap::Parser)]
#[command(about = "Many guests at once on a few threads")]
pub struct Options {
    /// How many guests.
    #[arg(long, default_value_t = 10_000)]
    pub guests: usize,
    /// How many threads they share.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// How long each sleeps, in milliseconds.
    #[arg(long, default_value_t = 100)]
    pub sleep: u64,
    /// What each reads from: a pipe in the program, a pipe of the host, or a socket.
    #[arg(long, value_enum, default_value_t)]
    pub line: Line,
}

/// Why it came to nothing.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs them all. None comes to its end before the last has begun: what they read is written only then.
pub fn run(options: &Options) -> Result<Report, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(options.threads).enable_all();
    let prepared = Prepared::new()?;
    let started = Instant::now();
    let waited = builder.build()?.block_on(crowd(options, &prepared))?;
    Ok(Report::new(options, started.elapsed(), waited))
}

/// How many of them waited at once.
async fn crowd(options: &Options, prepared: &Prepared) -> Result<usize, Failure> {
    let sleep = Duration::from_millis(options.sleep);
    let begun = Arc::new(AtomicUsize::new(0));
    let mut running = Vec::with_capacity(options.guests);
    let mut ends = Vec::with_capacity(options.guests);
    for _ in 0..options.guests {
        let (inner, end) = options.line.open()?;
        let wasi = Wasi::builder().stdin(inner.input).stdout(inner.output);
        let guest = prepared.guest(wasi.build()?);
        let begun = Arc::clone(&begun);
        running.push(tokio::spawn(async move {
            begun.fetch_add(1, Ordering::SeqCst);
            guest.run(sleep).await
        }));
        ends.push(end);
    }
    while begun.load(Ordering::SeqCst) < options.guests {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let waiting = running.iter().filter(|guest| !guest.is_finished()).count();
    for (end, byte) in ends.iter_mut().zip((0..=u8::MAX).cycle()) {
        end.send(byte)?;
    }
    for guest in running {
        guest.await??;
    }
    for (mut end, byte) in ends.into_iter().zip((0..=u8::MAX).cycle()) {
        if end.receive()? != byte {
            return Err("a guest copied something else".into());
        }
    }
    Ok(waiting)
}
