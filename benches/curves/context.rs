//! Making a context and dropping it, against how many arguments, variables and directories it is given.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::sync::Arc;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Wasi};

const COUNTS: [usize; 4] = [0, 1, 10, 100];

/// Gives a context the text, or a directory of this name.
type Give = fn(Builder, &str, &Arc<dyn Dir>) -> Builder;

fn contexts(criterion: &mut Criterion) {
    let root: Arc<dyn Dir> = MemDir::new();
    let given: [(&str, Give); 3] = [
        ("arguments", |builder, text, _| builder.arg(text)),
        ("variables", |builder, text, _| builder.env(text, text)),
        ("directories", |builder, text, root| {
            builder.preopen(text, root.clone(), Access::ReadWrite)
        }),
    ];
    let mut group = criterion.benchmark_group("context");
    for (name, give) in given {
        for count in COUNTS {
            let texts: Vec<_> = (0..count).map(|index| format!("/text-{index}")).collect();
            group.bench_function(BenchmarkId::new(name, count), |bench| {
                bench.iter(|| {
                    let all = texts.iter();
                    let builder =
                        all.fold(Wasi::builder(), |builder, text| give(builder, text, &root));
                    builder.build().expect("a context")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(name = benches; config = shared::criterion(); targets = contexts);
criterion_main!(benches);
