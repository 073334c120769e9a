//! The `.witx` text in which preview1 is specified, as far as preview1 uses that language: the functions as they look
//! to WebAssembly, and where the bytes of each type are.
//!
//! Nothing here knows the library: it is what the library is compared with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A specification.
#[derive(Debug, Default)]
pub struct Document {
    types: BTreeMap<String, Type>,
    /// The functions, in the order of the text.
    pub functions: Vec<Function>,
}

/// A function.
#[derive(Debug, Default)]
pub struct Function {
    /// Its name in the import section.
    pub name: String,
    /// Its parameters by name and size; a text or list counts as two, an address and a `_len`.
    pub params: Vec<(String, u32)>,
    /// How many values it answers through pointers.
    pub results: usize,
    /// It does not return.
    pub noreturn: bool,
}

#[derive(Debug)]
enum Type {
    /// A number of so many bytes; enumerations and flags have names for some.
    Number {
        size: u32,
        names: Vec<String>,
    },
    /// An address and a length.
    List,
    Record(Vec<(String, Self)>),
    /// A tag, then one of these.
    Union {
        tag: Box<Self>,
        cases: Vec<Self>,
    },
    Named(String),
}

/// Where a number is within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes from the start of the record.
    pub at: usize,
    /// How many bytes it takes.
    pub size: usize,
}

impl Document {
    /// The specification in the package `wasi-common`, for example `"preview1"`.
    pub fn of(version: &str) -> Self {
        let mut document = Self::default();
        let folder = wasi_common().join("witx").join(version);
        let module = if version == "preview0" {
            "wasi_unstable"
        } else {
            "wasi_snapshot_preview1"
        };
        for file in ["typenames", module] {
            let path = folder.join(file).with_extension("witx");
            let text = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Node::parse(&text)
                .iter()
                .for_each(|node| document.add(node));
        }
        document
    }

    fn add(&mut self, node: &Node) {
        match node.head() {
            "typename" => {
                let name = node.list()[1].atom().to_owned();
                self.types.insert(name, Type::of(&node.list()[2]));
            }
            "module" => node.list().iter().for_each(|node| self.add(node)),
            "@interface" => {
                let function = self.function(node);
                self.functions.push(function);
            }
            _ => {}
        }
    }

    fn function(&self, node: &Node) -> Function {
        let mut function = Function::default();
        for part in &node.list()[2..] {
            let list = part.list();
            match part.head() {
                "export" => list[1].atom().clone_into(&mut function.name),
                "param" => {
                    let (name, of) = (list[1].atom(), Type::of(&list[2]));
                    function.params.push((name.to_owned(), self.layout(&of).0));
                    if matches!(self.resolve(&of), Type::List) {
                        function.params.last_mut().expect("the address").1 = 4;
                        function.params.push((format!("{name}_len"), 4));
                    }
                }
                "result" => function.results = results(&list[2]),
                "@witx" => function.noreturn = list[1].atom() == "noreturn",
                other => panic!("{other} in a function"),
            }
        }
        function
    }

    fn resolve<'a>(&'a self, of: &'a Type) -> &'a Type {
        match of {
            Type::Named(name) => self.resolve(&self.types[name]),
            of => of,
        }
    }

    /// Size and alignment.
    fn layout(&self, of: &Type) -> (u32, u32) {
        match self.resolve(of) {
            Type::Number { size, .. } => (*size, *size),
            Type::List => (8, 4),
            Type::Record(fields) => self.record(fields).1,
            Type::Union { .. } => self.union(of).2,
            Type::Named(_) => unreachable!("names are resolved"),
        }
    }

    /// The offset of each field, and the layout of all.
    fn record(&self, fields: &[(String, Type)]) -> (Vec<u32>, (u32, u32)) {
        let (mut end, mut align) = (0_u32, 1);
        let mut offsets = Vec::new();
        for (_, field) in fields {
            let (size, aligned) = self.layout(field);
            let at = end.next_multiple_of(aligned);
            offsets.push(at);
            (end, align) = (at + size, align.max(aligned));
        }
        (offsets, (end.next_multiple_of(align), align))
    }

    /// The tag, the offset of what follows it, and the layout.
    fn union<'a>(&'a self, of: &'a Type) -> (&'a Type, u32, (u32, u32)) {
        let Type::Union { tag, cases } = self.resolve(of) else {
            panic!("{of:?} is no union")
        };
        let (tag_size, tag_align) = self.layout(tag);
        let layouts: Vec<_> = cases.iter().map(|case| self.layout(case)).collect();
        let size = layouts.iter().map(|layout| layout.0).max().expect("a case");
        let align = layouts
            .iter()
            .map(|layout| layout.1)
            .max()
            .expect("a case")
            .max(tag_align);
        let at = tag_size.next_multiple_of(align);
        (tag, at, ((at + size).next_multiple_of(align), align))
    }

    /// Size and alignment of a type.
    pub fn size(&self, name: &str) -> (u32, u32) {
        self.layout(&Type::Named(name.to_owned()))
    }

    /// The names of an enumeration's values or of flags, in order, and the size of the number.
    pub fn names(&self, name: &str) -> (&[String], u32) {
        match &self.types[name] {
            Type::Number { size, names } => (names, *size),
            other => panic!("{name} is {other:?}"),
        }
    }

    /// Every number in a record, by its path. A union has a `tag`, and what follows it is found under the case's number.
    pub fn places(&self, name: &str) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        self.collect(&Type::Named(name.to_owned()), "", 0, &mut places);
        places
    }

    fn collect(&self, of: &Type, path: &str, at: u32, places: &mut BTreeMap<String, Place>) {
        let below = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        match self.resolve(of) {
            Type::Number { size, .. } => {
                places.insert(
                    path.to_owned(),
                    Place {
                        at: at as usize,
                        size: *size as usize,
                    },
                );
            }
            Type::Record(fields) => {
                for ((name, field), offset) in fields.iter().zip(self.record(fields).0) {
                    self.collect(field, &below(name), at + offset, places);
                }
            }
            Type::Union { cases, .. } => {
                let (tag, offset, _) = self.union(of);
                self.collect(tag, &below("tag"), at, places);
                for (number, case) in cases.iter().enumerate() {
                    self.collect(case, &below(&number.to_string()), at + offset, places);
                }
            }
            other => panic!("{path} is {other:?}"),
        }
    }
}

/// How many values are in `(expected T (error E))`.
fn results(node: &Node) -> usize {
    let values = &node.list()[1..];
    assert_eq!(values.last().expect("an error").head(), "error");
    match values {
        [_] => 0,
        [value, _] if value.head() == "tuple" => value.list().len() - 1,
        [_, _] => 1,
        _ => panic!("{node:?}"),
    }
}

impl Type {
    fn of(node: &Node) -> Self {
        let number = |size| Self::Number {
            size,
            names: Vec::new(),
        };
        let list = match node {
            Node::List(list) => list,
            Node::Atom(name) => {
                return match name.as_str() {
                    "u8" => number(1),
                    "u16" => number(2),
                    "u32" => number(4),
                    "u64" | "s64" => number(8),
                    "string" => Self::List,
                    name => Self::Named(name.to_owned()),
                };
            }
        };
        let atoms = |nodes: &[Node]| nodes.iter().map(|node| node.atom().to_owned()).collect();
        match node.head() {
            "handle" => number(4),
            "list" => Self::List,
            "@witx" => number(4),
            "enum" | "flags" => {
                let Self::Number { size, .. } = Self::of(&list[1].list()[2]) else {
                    panic!("{node:?}")
                };
                Self::Number {
                    size,
                    names: atoms(&list[2..]),
                }
            }
            "record" => {
                let field =
                    |node: &Node| (node.list()[1].atom().to_owned(), Self::of(&node.list()[2]));
                Self::Record(list[1..].iter().map(field).collect())
            }
            "union" => Self::Union {
                tag: Box::new(Self::of(&list[1].list()[2])),
                cases: list[2..].iter().map(Self::of).collect(),
            },
            other => panic!("{other} is no type"),
        }
    }
}

/// A piece of the text: a word, or a list in parentheses.
#[derive(Debug)]
enum Node {
    /// Without the `$` or the quotes around it.
    Atom(String),
    List(Vec<Self>),
}

impl Node {
    fn parse(text: &str) -> Vec<Self> {
        let code = text
            .lines()
            .map(|line| line.split(";;").next().unwrap_or_default());
        let spaced = code
            .collect::<Vec<_>>()
            .join(" ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let mut open = vec![Vec::new()];
        for word in spaced.split_whitespace() {
            match word {
                "(" => open.push(Vec::new()),
                ")" => {
                    let list = open.pop().expect("an open list");
                    open.last_mut()
                        .expect("a list around it")
                        .push(Self::List(list));
                }
                word => {
                    let atom = word.trim_start_matches('$').trim_matches('"').to_owned();
                    open.last_mut().expect("a list").push(Self::Atom(atom));
                }
            }
        }
        assert_eq!(open.len(), 1, "every list ends");
        open.remove(0)
    }

    fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            Self::Atom(_) => &[],
        }
    }

    fn atom(&self) -> &str {
        match self {
            Self::Atom(atom) => atom,
            Self::List(_) => panic!("{self:?} is no word"),
        }
    }

    /// The first word of a list.
    fn head(&self) -> &str {
        match self.list().first() {
            Some(Self::Atom(atom)) => atom,
            _ => "",
        }
    }
}

/// The folder of the package `wasi-common`, which this package depends on for it.
fn wasi_common() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut output = metadata(&["--offline"]);
        if !output.status.success() {
            // It speaks of every platform, and what only others need may not be here yet.
            output = metadata(&[]);
        }
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        // `"manifest_path":"…/wasi-common-46.0.3/Cargo.toml"`; backslashes are doubled.
        let paths = text
            .split(r#""manifest_path":""#)
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut folders = paths.filter_map(|path| {
            Some(
                PathBuf::from(path.replace(r"\\", r"\"))
                    .parent()?
                    .to_owned(),
            )
        });
        let is_it = |folder: &PathBuf| {
            folder
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("wasi-common-"))
        };
        folders.find(is_it).expect("wasi-common is a dependency")
    })
}

/// What cargo knows about the workspace.
fn metadata(more: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--format-version", "1"]);
    cargo.args(more).output().expect("cargo runs")
}
