//! The tree that every host's guest works in.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use wasi_shim::abi::Result as Answer;
use wasi_shim::backends::MemDir;

/// Below these directories is a file.
pub const DEEP: &str = "a/b/c/d";

/// Directories with so many empty files in them.
pub const LISTED: [(&str, u32); 3] = [("ten", 10), ("thousand", 1_000), ("many", 100_000)];

/// Bytes of `file`.
const SMALL: usize = 64 << 10;

/// Bytes of `big`.
pub const BIG: usize = 1 << 20;

/// Plants it in a folder. Only a host that can list `many` in reasonable time is given it.
pub fn in_folder(root: &Path, many: bool) -> io::Result<()> {
    fs::create_dir_all(root.join(DEEP))?;
    fs::create_dir(root.join("fresh"))?;
    fs::write(root.join("file"), vec![7; SMALL])?;
    fs::write(root.join(DEEP).join("file"), "deep")?;
    fs::write(root.join("big"), vec![7; BIG])?;
    fs::write(root.join("moving"), "")?;
    symlink("a/second", root.join("first"))?;
    symlink("b/third", root.join("a/second"))?;
    symlink("c/d/file", root.join("a/b/third"))?;
    for (name, count) in LISTED {
        let folder = root.join(name);
        fs::create_dir(&folder)?;
        for index in 0..if many || count < 100_000 { count } else { 0 } {
            fs::write(folder.join(format!("entry-{index:06}")), "")?;
        }
    }
    Ok(())
}

/// Plants it in memory.
pub fn in_memory() -> Answer<Arc<MemDir>> {
    let root = MemDir::new();
    let mut at = Arc::clone(&root);
    for name in DEEP.split('/') {
        at = at.dir(name)?;
    }
    at.file("file", "deep")?;
    root.dir("fresh")?;
    root.file("file", vec![7; SMALL])?;
    root.file("big", vec![7; BIG])?;
    root.file("moving", "")?;
    root.symlink("first", "a/second")?;
    let a = root.dir("a")?;
    a.symlink("second", "b/third")?;
    a.dir("b")?.symlink("third", "c/d/file")?;
    for (name, count) in LISTED {
        let folder = root.dir(name)?;
        for index in 0..count {
            folder.file(&format!("entry-{index:06}"), "")?;
        }
    }
    Ok(root)
}
