//! A tree in memory: directories and files of the embedder's own, found by whole paths, as wasi-common passes them.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use wasi_common::dir::{OpenResult, ReaddirCursor, ReaddirEntity};
use wasi_common::file::{FdFlags, FileType, Filestat, OFlags};
use wasi_common::{Error, ErrorExt, WasiDir, WasiFile};

#[derive(Clone)]
pub enum Node {
    File(Arc<Mutex<Vec<u8>>>),
    Dir(MemDir),
    Link(String),
}

#[derive(Clone, Default)]
pub struct MemDir(pub Arc<Mutex<BTreeMap<String, Node>>>);

impl MemDir {
    /// The directory that a path's last name is in, and that name.
    fn parent<'p>(&self, path: &'p str) -> Result<(Self, &'p str), Error> {
        match path.split_once('/') {
            None => Ok((self.clone(), path)),
            Some((first, rest)) => match self.node(first)? {
                Node::Dir(dir) => dir.parent(rest),
                Node::File(_) | Node::Link(_) => Err(Error::not_dir()),
            },
        }
    }

    fn node(&self, name: &str) -> Result<Node, Error> {
        let nodes = self.0.lock().unwrap();
        nodes.get(name).cloned().ok_or_else(Error::not_found)
    }

    pub fn insert(&self, name: &str, node: Node) {
        self.0.lock().unwrap().insert(name.to_owned(), node);
    }
}

fn facts(filetype: FileType, size: usize) -> Filestat {
    Filestat {
        device_id: 1,
        inode: 0,
        filetype,
        nlink: 1,
        size: size as u64,
        atim: None,
        mtim: None,
        ctim: None,
    }
}

impl Node {
    fn facts(&self) -> Filestat {
        match self {
            Self::File(bytes) => facts(FileType::RegularFile, bytes.lock().unwrap().len()),
            Self::Dir(_) => facts(FileType::Directory, 0),
            Self::Link(text) => facts(FileType::SymbolicLink, text.len()),
        }
    }
}

#[async_trait::async_trait]
impl WasiDir for MemDir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        _symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        _read: bool,
        _write: bool,
        _fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        let (dir, name) = self.parent(path)?;
        if oflags.contains(OFlags::CREATE) && dir.node(name).is_err() {
            dir.insert(name, Node::File(Arc::default()));
        }
        match dir.node(name)? {
            Node::File(bytes) => {
                if oflags.contains(OFlags::TRUNCATE) {
                    bytes.lock().unwrap().clear();
                }
                let position = Mutex::new(0);
                Ok(OpenResult::File(Box::new(MemFile { bytes, position })))
            }
            Node::Dir(dir) => Ok(OpenResult::Dir(Box::new(dir))),
            Node::Link(_) => Err(std::io::Error::from_raw_os_error(40).into()),
        }
    }

    async fn create_dir(&self, path: &str) -> Result<(), Error> {
        let (dir, name) = self.parent(path)?;
        if dir.node(name).is_ok() {
            return Err(Error::exist());
        }
        dir.insert(name, Node::Dir(Self::default()));
        Ok(())
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        let nodes = self.0.lock().unwrap();
        let entries = nodes.iter().zip(1_u64..).map(|((name, node), next)| {
            Ok(ReaddirEntity {
                next: ReaddirCursor::from(next),
                inode: next,
                name: name.clone(),
                filetype: node.facts().filetype,
            })
        });
        let skipped = usize::try_from(u64::from(cursor)).unwrap();
        let entries: Vec<_> = entries.skip(skipped).collect();
        Ok(Box::new(entries.into_iter()))
    }

    async fn symlink(&self, old_path: &str, new_path: &str) -> Result<(), Error> {
        let (dir, name) = self.parent(new_path)?;
        dir.insert(name, Node::Link(old_path.to_owned()));
        Ok(())
    }

    async fn unlink_file(&self, path: &str) -> Result<(), Error> {
        let (dir, name) = self.parent(path)?;
        let removed = dir.0.lock().unwrap().remove(name);
        removed.map(drop).ok_or_else(Error::not_found)
    }

    async fn read_link(&self, path: &str) -> Result<PathBuf, Error> {
        let (dir, name) = self.parent(path)?;
        match dir.node(name)? {
            Node::Link(text) => Ok(text.into()),
            Node::File(_) | Node::Dir(_) => Err(Error::invalid_argument()),
        }
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(facts(FileType::Directory, 0))
    }

    async fn get_path_filestat(&self, path: &str, _follow: bool) -> Result<Filestat, Error> {
        let (dir, name) = self.parent(path)?;
        Ok(dir.node(name)?.facts())
    }

    async fn rename(
        &self,
        path: &str,
        dest_dir: &dyn WasiDir,
        dest_path: &str,
    ) -> Result<(), Error> {
        let other = dest_dir.as_any().downcast_ref::<Self>();
        let (to, new) = other.ok_or_else(Error::badf)?.parent(dest_path)?;
        let (from, old) = self.parent(path)?;
        let node = from.0.lock().unwrap().remove(old);
        to.insert(new, node.ok_or_else(Error::not_found)?);
        Ok(())
    }
}

struct MemFile {
    bytes: Arc<Mutex<Vec<u8>>>,
    position: Mutex<usize>,
}

#[async_trait::async_trait]
impl WasiFile for MemFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::RegularFile)
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(facts(
            FileType::RegularFile,
            self.bytes.lock().unwrap().len(),
        ))
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        let mut position = self.position.lock().unwrap();
        let bytes = self.bytes.lock().unwrap();
        let rest = bytes.get(*position..).unwrap_or_default();
        let count = rest.len().min(bufs[0].len());
        bufs[0][..count].copy_from_slice(&rest[..count]);
        *position += count;
        Ok(count as u64)
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        let mut position = self.position.lock().unwrap();
        let mut bytes = self.bytes.lock().unwrap();
        let before = *position;
        for buf in bufs {
            let end = *position + buf.len();
            let size = bytes.len().max(end);
            bytes.resize(size, 0);
            bytes[*position..end].copy_from_slice(buf);
            *position = end;
        }
        Ok((*position - before) as u64)
    }

    async fn seek(&self, pos: std::io::SeekFrom) -> Result<u64, Error> {
        let mut position = self.position.lock().unwrap();
        *position = match pos {
            std::io::SeekFrom::Start(at) => usize::try_from(at)?,
            std::io::SeekFrom::Current(0) => *position,
            _ => return Err(Error::not_supported()),
        };
        Ok(*position as u64)
    }
}
