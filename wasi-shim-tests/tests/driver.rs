//! The driver carries cases out as they are carried out without an engine: every case, on wasmtime, over memory.

use std::sync::Arc;
use wasi_shim::backends::{Capture, Input, MemDir};
use wasi_shim::vfs::Dir;
use wasi_shim::{Exit, Trap, Wasi};
use wasi_shim_tests::driver;
use wasi_shim_tests::script::direct::furnish;
use wasi_shim_tests::script::tree::{self, Snapshot};
use wasi_shim_tests::script::{self, Case, End, Failure, Plan, Run, Tree, judge};
use wasmtime::{Engine, Linker, Module, Store};

struct Host {
    engine: Engine,
    module: Module,
    linker: Linker<Wasi>,
}

impl Host {
    fn new() -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, driver::module()).expect("a module");
        let mut linker = Linker::new(&engine);
        wasi_shim::link_wasmtime!(wasmtime, &mut linker, |wasi: &mut Wasi| wasi)
            .expect("it can be linked");
        Self {
            engine,
            module,
            linker,
        }
    }

    fn run(&self, case: &Case, plan: &Plan, root: &Arc<dyn Dir>) -> Result<Run, Failure> {
        let output = Capture::new(64 << 20);
        let streams = Wasi::builder()
            .stdin(Input::new(driver::input(case, plan)?))
            .stdout(output.clone())
            .stderr(Capture::new(Capture::DEFAULT_CAP));
        let mut store = Store::new(&self.engine, furnish(streams, case, root)?);
        let instance = self
            .linker
            .instantiate(&mut store, &self.module)
            .expect("an instance");
        let start = instance
            .get_typed_func::<(), ()>(&mut store, "_start")
            .expect("a start");
        let end = match start.call(&mut store, ()) {
            Ok(()) => End::Finished,
            Err(error) => match (error.downcast_ref::<Exit>(), error.downcast_ref::<Trap>()) {
                (Some(exit), _) => End::Exited(exit.0),
                (_, Some(trap)) => End::Trapped(trap.to_string()),
                _ => End::Lost(format!("{error:?}")),
            },
        };
        Ok(Run {
            calls: driver::results(plan, &output.contents()),
            end,
        })
    }
}

fn check(host: &Host, case: &Case) -> Result<(), Failure> {
    let plan = Plan::of(case)?;
    let around: Arc<dyn Dir> = MemDir::new();
    let root = tree::build(case, &around, "/outside")?;
    let before = Snapshot::of(&around);
    let run = host.run(case, &plan, &root)?;
    judge(case, &plan, &run, &before, &Snapshot::of(&around))
}

#[test]
fn every_case_comes_out_the_same() {
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    let host = Host::new();
    // What a case does to descriptor 1, it does to the driver's answers.
    let applies =
        |case: &&Case| Tree::MEMORY.takes(case) && !case.needs.iter().any(|need| need == "output");
    let mut failures = Vec::new();
    for case in all.iter().filter(applies) {
        if let Err(failure) = check(&host, case) {
            failures.push(format!("{}\n  {failure}", case.id));
        }
    }
    assert!(
        failures.is_empty(),
        "\n{}\n{} failed",
        failures.join("\n"),
        failures.len()
    );
}
