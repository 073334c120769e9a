//! The table of `sockets.md`: every function that takes a socket, on what is one and on what is none.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags, Whence};
use wasi_shim::host;
use wasi_shim_tests::notes::{Page, quoted};
use wasi_shim_tests::trees::{ROOT, Tree};
use wasi_shim_tests::{Answer, Guest};

const SOCKET: u32 = 5;

/// A guest, descriptors of one column of the table, and the other ends, which have sent something.
struct Given {
    guest: Guest,
    fds: Vec<u32>,
    _others: Vec<Box<dyn std::any::Any>>,
}

fn given(column: &str) -> Given {
    let builder = Tree::memory().builder();
    let of = |builder, fds: &[u32], others| Given {
        guest: Guest::new(builder),
        fds: fds.to_vec(),
        _others: others,
    };
    match column {
        "file, directory" => {
            let mut given = of(builder, &[ROOT], Vec::new());
            let rights = (Rights::FILE, Rights::empty());
            let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
            let fd = given
                .guest
                .path_open(ROOT, lookup, "file", OFlags::CREAT, rights, flags);
            given.fds.push(fd.expect("a file"));
            given
        }
        "standard stream" => of(builder, &[0, 1, 2], Vec::new()),
        "connected stream" => {
            let (inner, mut outer) = UnixStream::pair().expect("a pair");
            std::io::Write::write_all(&mut outer, b"hello").expect("it is sent");
            of(
                builder.socket(host::socket(inner).expect("a socket")),
                &[SOCKET],
                vec![Box::new(outer)],
            )
        }
        "datagrams" => {
            let (inner, outer) = UnixDatagram::pair().expect("a pair");
            outer.send(b"hello").expect("it is sent");
            of(
                builder.socket(host::socket(inner).expect("a socket")),
                &[SOCKET],
                vec![Box::new(outer)],
            )
        }
        "listener" => {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let outer = TcpStream::connect(listener.local_addr().expect("an address"))
                .expect("a connection");
            of(
                builder.socket(host::listener(listener).expect("a listener")),
                &[SOCKET],
                vec![Box::new(outer)],
            )
        }
        other => panic!("nothing is known of {other:?}"),
    }
}

fn call(guest: &mut Guest, function: &str, fd: u32) -> Answer<()> {
    match function {
        "sock_accept" => guest.sock_accept(fd, FdFlags::empty()).map(drop),
        "sock_recv" => {
            let (bytes, _) = guest.sock_recv(fd, &[2, 8], RiFlags::empty())?;
            assert_eq!(bytes, b"hello", "all of what was sent, once");
            Ok(())
        }
        "sock_send" => guest
            .sock_send(fd, &[b"he", b"llo"], 0)
            .map(|count| assert_eq!(count, 5)),
        "sock_shutdown" => guest.sock_shutdown(fd, SdFlags::WR),
        "fd_read" => guest
            .fd_readv(fd, &[2, 8])
            .map(|bytes| assert_eq!(bytes, b"hello")),
        "fd_write" => guest
            .fd_writev(fd, &[b"he", b"llo"])
            .map(|count| assert_eq!(count, 5)),
        "fd_seek" => guest.fd_seek(fd, 1, Whence::Cur).map(drop),
        "fd_tell" => guest.fd_tell(fd).map(drop),
        "fd_pread" => guest.fd_pread(fd, &[1], 0).map(drop),
        "fd_pwrite" => guest.fd_pwrite(fd, &[b"x"], 0).map(drop),
        other => panic!("nothing tries {other:?}"),
    }
}

/// Tries the whole table.
pub(crate) fn check() {
    let page = Page::load("sockets.md");
    let table = page.table("Which function takes what");
    assert!(
        table.rows.len() == 6 && table.columns.len() == 6,
        "the whole table was read"
    );
    for row in &table.rows {
        let said = table
            .columns
            .iter()
            .zip(&row.cells)
            .skip(1)
            .filter(|(_, cell)| !cell.is_empty());
        for (column, cell) in said {
            for function in quoted(&row.cells[0]) {
                let fds = given(column).fds;
                for index in 0..fds.len() {
                    let mut given = given(column);
                    let fd = given.fds[index];
                    check_cell(
                        call(&mut given.guest, function, fd),
                        cell,
                        (function, column, fd),
                    );
                }
            }
        }
    }
}

/// An error code, or what is done.
fn check_cell(found: Answer<()>, cell: &str, what: (&str, &str, u32)) {
    let (function, column, fd) = what;
    // What a standard stream is not given for, and what a listener cannot be asked for, is found first: see the prose.
    let one_way = match (column, fd) {
        ("standard stream", 0) => ["sock_send", "fd_pwrite"].as_slice(),
        ("standard stream", _) => &["sock_recv", "fd_pread"],
        ("listener", _) => &["fd_pwrite"],
        _ => &[],
    };
    match cell {
        "the host's answer" => assert!(
            !matches!(found, Err(Errno::Notcapable | Errno::Notsock | Errno::Badf)),
            "{what:?}: {found:?}"
        ),
        _ if one_way.contains(&function) => assert_eq!(found, Err(Errno::Notcapable), "{what:?}"),
        cell if cell.starts_with('`') && !cell.starts_with("`sock") => {
            let name = quoted(cell).next().expect("an error code");
            assert_eq!(found.map_err(Errno::name), Err(name), "{what:?}");
        }
        _ => assert_eq!(found, Ok(()), "{what:?}: {cell}"),
    }
}
