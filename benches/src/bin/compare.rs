//! Compares the library with its peers and with the system calls themselves: one guest, one run, in turns.

use benches::compare::{self, Options};
use benches::report::{Report, markdown, page, text};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the same guest on wasi-shim (a directory of the host, a tree in memory), wasi-common, wasmtime-wasi and Node, and
/// the same system calls without any of them, and compares the times.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only operations whose names hold this text.
    #[arg(default_value = "")]
    only: String,
    /// How often each host takes a time; the median counts.
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Where the hosts' trees are made, and removed again [default: where temporary files are].
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Adds what `benches/programs/run --json` wrote.
    #[arg(long, value_name = "FILE")]
    programs: Option<PathBuf>,
    /// Writes the report in every form into a folder: `compare.txt`, `compare.md`, `compare.html`, `compare.json`.
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// Writes the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes it as a page to look at.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Writes it as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let options = Options {
        only: arguments.only.clone(),
        rounds: arguments.rounds,
        dir: arguments.dir.clone().unwrap_or_else(std::env::temp_dir),
    };
    let mut report = compare::run(&options, |line| eprintln!("{line}"))?;
    if let Some(file) = &arguments.programs {
        report.append(Report::from_json(&std::fs::read_to_string(file)?)?);
    }
    print!("{}", text(&report));
    let json = report.to_json()? + "\n";
    let forms = [
        (&arguments.html, "html", page(&report)),
        (&arguments.markdown, "md", markdown(&report)),
        (&arguments.json, "json", json),
        (&None, "txt", text(&report)),
    ];
    if let Some(folder) = &arguments.results {
        std::fs::create_dir_all(folder)?;
    }
    for (file, ending, content) in forms {
        let among = arguments.results.as_ref();
        let among = among.map(|folder| folder.join("compare").with_extension(ending));
        for file in file.iter().chain(&among) {
            std::fs::write(file, &content)?;
        }
    }
    Ok(())
}
