//! What a suite says of a test: how it is started, and what must come of it. Both forms of wasi-testsuite's JSON become a
//! list of [`Start`]s.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A start of the program, from `run` to `wait`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The arguments after the program's name.
    pub args: Vec<String>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// The folder that is `/`, from the test's folder on.
    pub root: Option<String>,
    /// What is written to its standard input.
    pub input: String,
    /// What is read from its streams, in order.
    pub reads: Vec<Read>,
    /// The exit code.
    pub exit_code: u32,
}

/// Something that must come out of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// It is standard error.
    pub stderr: bool,
    /// The bytes that come next.
    pub payload: String,
}

/// What a test asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// It can be run.
    Starts(Vec<Start>),
    /// It is not for a program that is started and ends by itself, for this reason.
    Unsupported(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Legacy {
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    root: Option<String>,
    #[serde(default)]
    exit_code: u32,
    stdout: Option<String>,
    stderr: Option<String>,
}

#[derive(Deserialize)]
struct Operations {
    operations: Option<Vec<Operation>>,
    #[serde(default)]
    proposals: Vec<String>,
    world: Option<String>,
    #[serde(default)]
    servers: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Operation {
    Run {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        root: Option<String>,
    },
    Write {
        id: Option<String>,
        #[serde(default)]
        payload: String,
    },
    Read {
        id: Option<String>,
        #[serde(default)]
        payload: String,
    },
    Wait {
        #[serde(default)]
        exit_code: u32,
    },
    Connect,
    Send,
    Recv,
    Request,
    Kill,
}

impl Default for Spec {
    /// What a test without a file asks for: that it ends well.
    fn default() -> Self {
        Self::Starts(vec![Start::default()])
    }
}

/// Reads the text of a file.
pub fn parse(text: &str) -> Result<Spec, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let has = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
    let newer = has(&["operations", "proposals", "world", "servers"]);
    if newer && has(&["args", "root", "env", "exit_code", "stdout", "stderr"]) {
        return Err("it mixes the legacy form with operations".to_owned());
    }
    if newer {
        let form: Operations = serde_json::from_value(value).map_err(|error| error.to_string())?;
        return operations(form);
    }
    let form: Legacy = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(Spec::Starts(vec![legacy(form)]))
}

fn legacy(form: Legacy) -> Start {
    let read = |stderr: bool| move |payload| Read { stderr, payload };
    let reads = form
        .stdout
        .map(read(false))
        .into_iter()
        .chain(form.stderr.map(read(true)));
    Start {
        args: form.args,
        env: form.env.into_iter().collect(),
        root: form.root,
        input: String::new(),
        reads: reads.collect(),
        exit_code: form.exit_code,
    }
}

fn operations(form: Operations) -> Result<Spec, String> {
    if !form.proposals.is_empty() {
        return Ok(Spec::Unsupported(format!(
            "it needs {}",
            form.proposals.join(", ")
        )));
    }
    if !form.servers.is_empty() {
        return Ok(Spec::Unsupported("it needs servers".to_owned()));
    }
    if let Some(world) = form.world.filter(|world| world != "wasi:cli/command") {
        return Ok(Spec::Unsupported(format!("it is no command, but {world}")));
    }
    match form.operations {
        Some(list) => sequence(list),
        None => Ok(Spec::default()),
    }
}

fn sequence(list: Vec<Operation>) -> Result<Spec, String> {
    let mut done = Vec::new();
    let mut current: Option<Start> = None;
    for operation in list {
        let early = || "an operation comes before `run`".to_owned();
        match operation {
            Operation::Run { args, env, root } => {
                let env = env.into_iter().collect();
                let start = Start {
                    args,
                    env,
                    root,
                    ..Start::default()
                };
                if current.replace(start).is_some() {
                    return Err("`run` comes before the `wait` of another".to_owned());
                }
            }
            Operation::Write { id, payload } => {
                if id.is_some_and(|id| id != "stdin") {
                    return Err("`write` is for `stdin`".to_owned());
                }
                current.as_mut().ok_or_else(early)?.input.push_str(&payload);
            }
            Operation::Read { id, payload } => {
                let stderr = stream(id.as_deref())?;
                current
                    .as_mut()
                    .ok_or_else(early)?
                    .reads
                    .push(Read { stderr, payload });
            }
            Operation::Wait { exit_code } => {
                let start = current.take().ok_or_else(early)?;
                done.push(Start { exit_code, ..start });
            }
            Operation::Connect | Operation::Send | Operation::Recv | Operation::Request => {
                return Ok(Spec::Unsupported("it needs connections".to_owned()));
            }
            Operation::Kill => return Ok(Spec::Unsupported("it is killed".to_owned())),
        }
    }
    if current.is_some() || done.is_empty() {
        return Err("`run` has no `wait`".to_owned());
    }
    Ok(Spec::Starts(done))
}

/// Is it standard error?
fn stream(id: Option<&str>) -> Result<bool, String> {
    match id {
        None | Some("stdout") => Ok(false),
        Some("stderr") => Ok(true),
        Some(other) => Err(format!("there is no stream `{other}`")),
    }
}
