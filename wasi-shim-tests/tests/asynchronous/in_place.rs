//! Filesystems whose operations let other tasks go on meanwhile.

use crate::kit::in_time;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use wasi_shim::abi::LookupFlags;
use wasi_shim::backends::{Call, InPlace, Latency, MemDir};
use wasi_shim::vfs::contract::{self, Abilities, Scratch};
use wasi_shim::vfs::{Dir, Name};
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::Guest;

fn several_threads(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(count).enable_all();
    builder.build().expect("a runtime")
}

/// A tree whose every operation waits until somebody else says that it may go on.
fn stuck() -> (Arc<dyn Dir>, Sender<()>) {
    let tree = MemDir::new();
    tree.file("greeting", "hello").expect("it is put there");
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let wait = move |_: &Call<'_>| {
        let gone = gone.lock().expect("nobody panics");
        gone.recv_timeout(Duration::from_secs(60))
            .expect("it may go on");
        Duration::ZERO
    };
    (Latency::chosen(tree, wait), go)
}

/// Asks for facts about a file, and has another task of the same runtime let it.
async fn asks(tree: Arc<dyn Dir>, go: Sender<()>) {
    let asking = tokio::spawn(async move {
        let guest = Wasi::builder().preopen("/", tree, Access::ReadOnly);
        let stat = Guest::new(guest).path_filestat_get(3, LookupFlags::empty(), "greeting");
        assert_eq!(stat.expect("it is there").size, 5);
    });
    let letting = tokio::spawn(async move {
        while go.send(()).is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    in_time(asking).await.expect("it is answered");
    in_time(letting).await.expect("it ends");
}

/// There is one thread for both tasks: if the first kept it, both would wait for ever.
#[test]
fn another_task_goes_on_while_an_operation_takes_long() {
    let (tree, go) = stuck();
    several_threads(1).block_on(asks(InPlace::new(tree), go));
}

/// Whatever is called where tokio would panic is called as without the wrapper.
#[test]
fn operations_panic_in_no_runtime() {
    let tree = MemDir::new();
    tree.file("greeting", "hello").expect("it is put there");
    let tree = InPlace::new(tree);
    let ask = || {
        let name = Name::new("greeting").expect("a name");
        assert_eq!(tree.stat(name).expect("it is there").size, 5);
    };
    ask();
    let mut single = Builder::new_current_thread();
    let single = single.enable_all().build().expect("a runtime");
    single.block_on(async { ask() });
    let local = tokio::task::LocalSet::new();
    local.block_on(&single, async { ask() });
    let several = several_threads(2);
    several.block_on(async { ask() });
    let local = tokio::task::LocalSet::new();
    several.block_on(local.run_until(async { ask() }));
    let handle = several.handle().clone();
    std::thread::scope(|scope| {
        scope.spawn(|| handle.block_on(async { ask() }));
        scope.spawn(|| {
            let _entered = handle.enter();
            ask();
        });
    });
    several.block_on(async {
        let tree = Arc::clone(&tree);
        let nested = move || {
            let name = Name::new("greeting").expect("a name");
            tokio::task::block_in_place(|| tree.stat(name).map(drop))
        };
        let blocking = tokio::task::spawn_blocking(nested.clone());
        blocking.await.expect("it ends").expect("it is there");
        let task = tokio::spawn(async move { nested() });
        task.await.expect("it ends").expect("it is there");
    });
}

#[test]
fn trees_in_place_keep_the_contract() {
    several_threads(2).block_on(async {
        let checking = tokio::spawn(async {
            contract::read_write(|| InPlace::new(MemDir::new()), Abilities::ALL);
            let host = || {
                let folder = tempfile::tempdir().expect("a folder");
                let root = wasi_shim::host::open_dir(folder.path()).expect("it opens");
                let root: Arc<dyn Dir> = InPlace::new(root);
                Scratch::guarded(root, folder)
            };
            contract::read_write(host, Abilities::ALL);
        });
        checking.await.expect("they keep it");
    });
}
