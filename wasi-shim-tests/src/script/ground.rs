//! What a case runs in: its tree, made in any of the filesystems, and the folder around it.
//!
//! Knows how each filesystem is put together, and which trees below it must stay as they are whatever the guest does.

use super::kind::first_dir;
use super::tree::{self, ROOT, Snapshot, grow};
use super::{
    Base, Case, Failure, Mounted, Node, Over, Part, Plan, ScriptError, Stepwise, Tree, direct,
    judge, pack,
};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use wasi_shim::abi::FileKind;
use wasi_shim::backends::{
    Archive, ClosureDir, Faulty, Latency, MemDir, Mounts, Overlay, Quota, QuotaUsage, ReadOnly,
    Trace, Verdict,
};
use wasi_shim::vfs::{self, Dir, OpenRequest};

type Result<T> = std::result::Result<T, ScriptError>;

/// An empty directory, and the folder of the host that it is, which goes with it.
struct Soil {
    dir: Arc<dyn Dir>,
    path: String,
    folder: Option<TempDir>,
}

impl Soil {
    fn new(base: Base) -> Self {
        match base {
            Base::Memory => Self {
                dir: MemDir::new(),
                path: "/outside".to_owned(),
                folder: None,
            },
            Base::Host => {
                let folder = tempfile::tempdir().expect("a temporary directory");
                Self {
                    dir: wasi_shim::host::open_dir(folder.path()).expect("it can be opened"),
                    path: folder.path().display().to_string(),
                    folder: Some(folder),
                }
            }
        }
    }
}

/// A case's tree in a filesystem.
struct Ground {
    /// The folder around the guest's root.
    around: Arc<dyn Dir>,
    /// The guest's root.
    root: Arc<dyn Dir>,
    /// What nothing may change, and what it is.
    kept: Option<(&'static str, Arc<dyn Dir>)>,
    /// A quota, and what it counts.
    quota: Option<(Arc<Quota>, Arc<dyn Dir>)>,
    _folders: [Option<TempDir>; 2],
}

/// Runs a case on a kind of tree, and judges it.
pub fn check(case: &Case, plan: &Plan, kind: Tree) -> std::result::Result<(), Failure> {
    let ground = Ground::new(case, kind)?;
    let before = Snapshot::of(&ground.around);
    let kept = ground.kept.as_ref().map(|(_, dir)| Snapshot::of(dir));
    let wasi = direct::wasi(case, &ground.root)?;
    let run = direct::run(plan, &wasi);
    // Files that the guest has open count until they are closed.
    drop(wasi);
    judge(case, plan, &run, &before, &Snapshot::of(&ground.around))?;
    ground.is_sound(kept)
}

impl Ground {
    fn new(case: &Case, kind: Tree) -> Result<Self> {
        match kind.over {
            Over::Overlay(upper, part) => Self::overlay(case, kind.base, upper, part),
            Over::Mounts(Mounted::Inside) => Self::mounted_inside(case),
            Over::Snapshot | Over::Original => Self::snapshot(case, kind.over),
            _ => Self::over(case, kind),
        }
    }

    /// The tree is made, and then something put over it.
    fn over(case: &Case, kind: Tree) -> Result<Self> {
        let Soil { dir, path, folder } = Soil::new(kind.base);
        let root = tree::build(case, &dir, &path)?;
        let mut quota = None;
        let around: Arc<dyn Dir> = match kind.over {
            // These are about the guest's root; what is around it is looked at as it is.
            Over::Stepwise => return Ok(Self::plain(dir, Stepwise::over(root), folder)),
            Over::ReadOnly => return Ok(Self::plain(dir, ReadOnly::new(root), folder)),
            Over::Quota => {
                let built = Quota::builder().build(dir.clone());
                let built = built.map_err(|errno| unfit(&errno))?;
                quota = Some((built.clone(), dir));
                built
            }
            Over::Trace => Trace::new(dir, |event| _ = event.to_string()),
            Over::Faulty => Faulty::new(dir, |_| Verdict::Proceed),
            Over::Latency => Latency::new(dir, Duration::ZERO),
            Over::Mounts(Mounted::Beside) => mounts("/", dir, "/elsewhere")?,
            Over::Mounts(_) => {
                let whole = mounts("/usr/tree", dir, "/")?;
                tree::open(&whole, "usr/tree")?
            }
            Over::Closures => closures(dir),
            Over::Archive(format) => {
                let packed = pack::pack(&dir, format)?;
                Archive::from_bytes(packed).map_err(|error| unfit(&error))?
            }
            _ => dir,
        };
        let root = tree::open(&around, ROOT)?;
        Ok(Self {
            quota,
            ..Self::plain(around, root, folder)
        })
    }

    fn plain(around: Arc<dyn Dir>, root: Arc<dyn Dir>, folder: Option<TempDir>) -> Self {
        Self {
            around,
            root,
            kept: None,
            quota: None,
            _folders: [folder, None],
        }
    }

    fn overlay(case: &Case, lower: Base, upper: Base, part: Part) -> Result<Self> {
        let (lower, upper) = (Soil::new(lower), Soil::new(upper));
        let half = case.tree.len() / 2;
        let (below, above): (&[Node], &[Node]) = match part {
            Part::Lower => (&case.tree, &[]),
            Part::Upper => (&[], &case.tree),
            Part::Split => case.tree.split_at(half),
        };
        grow(case, below, &lower.dir, &lower.path)?;
        let overlay = Overlay::builder(lower.dir.clone());
        let around: Arc<dyn Dir> = overlay.upper(upper.dir).build();
        let root = grow(case, above, &around, &lower.path)?;
        Ok(Self {
            around,
            root,
            kept: Some(("the lower tree", lower.dir)),
            quota: None,
            _folders: [lower.folder, upper.folder],
        })
    }

    fn mounted_inside(case: &Case) -> Result<Self> {
        let dir: Arc<dyn Dir> = MemDir::new();
        grow(case, &[], &dir, "/outside")?;
        let point = first_dir(case).unwrap_or_default();
        let around = mounts("/", dir, &format!("/{ROOT}/{point}"))?;
        // It is there already.
        let rest = case.tree.iter();
        let rest = rest.filter(|node| !matches!(node, Node::Dir(path) if path == point));
        let root = grow(case, rest, &around, "/outside")?;
        Ok(Self::plain(around, root, None))
    }

    fn snapshot(case: &Case, which: Over) -> Result<Self> {
        let original = MemDir::new();
        let shared: Arc<dyn Dir> = original.clone();
        tree::build(case, &shared, "/outside")?;
        let snapshot: Arc<dyn Dir> = original.snapshot();
        let (around, kept) = match which {
            Over::Snapshot => (snapshot, ("the original", shared)),
            _ => (shared, ("the snapshot", snapshot)),
        };
        let root = tree::open(&around, ROOT)?;
        Ok(Self {
            kept: Some(kept),
            ..Self::plain(around, root, None)
        })
    }

    /// Is what nobody may change as it was, and what is counted what is there?
    fn is_sound(&self, before: Option<Snapshot>) -> std::result::Result<(), Failure> {
        if let (Some((what, dir)), Some(before)) = (&self.kept, before)
            && let Some(change) = Snapshot::of(dir).difference(&before)
        {
            return Err(ScriptError::new(format!("{what} has changed: {change}")).into());
        }
        if let Some((quota, inner)) = &self.quota {
            let (counted, there) = (quota.usage(), QuotaUsage::count(inner));
            if Ok(counted) != there {
                let what = format!("the quota counts {counted:?}, and there is {there:?}");
                return Err(ScriptError::new(what).into());
            }
        }
        Ok(())
    }
}

fn unfit(error: &dyn std::fmt::Display) -> ScriptError {
    ScriptError::new(format!("the tree does not fit: {error}"))
}

/// Two trees in one: this one, and an empty one.
fn mounts(at: &str, dir: Arc<dyn Dir>, other: &str) -> Result<Arc<dyn Dir>> {
    let built = Mounts::builder()
        .mount(at, dir)
        .mount(other, MemDir::new())
        .build();
    Ok(built.map_err(|error| unfit(&error))?)
}

/// The same tree, each directory of which is made of closures.
fn closures(dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
    let number = dir.metadata().map_or(0, |facts| facts.ino);
    let listed = dir.clone();
    let lookup = move |name: vfs::Name<'_>| {
        Ok(match dir.open(name, &OpenRequest::READ)? {
            vfs::Node::Dir(below) => vfs::Node::Dir(closures(below)),
            node => node,
        })
    };
    let list = move |sink: &mut dyn FnMut(vfs::Entry<'_>) -> ControlFlow<()>| {
        listed.list(&mut |entry| {
            // The numbers of links are made up from their names, and not known here.
            let is_link = entry.kind == FileKind::SymbolicLink;
            let ino = if is_link { 0 } else { entry.ino };
            sink(vfs::Entry { ino, ..entry })
        })
    };
    Arc::new(ClosureDir::new(number, lookup, list))
}
