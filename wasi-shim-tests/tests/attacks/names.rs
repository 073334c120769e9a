//! Names that Windows takes for something else: devices, drives, streams. The filter is tried behind the walk, in every
//! place that a name can stand in.

use crate::row::everywhere;
use crate::scene::Scene;
use crate::support::{all_refuse, content, look, put};
use crate::windows::Checked;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::Errno;
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// A guest whose names are those of Windows, and a directory `dir`.
fn on_windows(scene: &mut Scene) -> Guest {
    scene.file("dir/file", "inside");
    scene.seal();
    let root = Arc::new(Checked(scene.root.clone()));
    Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite))
}

/// No function takes the name, wherever it stands in a path, and a link that says it leads nowhere.
fn refuse_everywhere(scene: &Scene, guest: &mut Guest, name: &str) {
    for path in [
        name,
        &format!("dir/{name}"),
        &format!("{name}/x"),
        &format!("dir/../{name}"),
    ] {
        all_refuse(guest, path, Errno::Inval);
    }
    for text in [name, &format!("dir/{name}"), &format!("{name}/file")] {
        guest
            .path_symlink(text, ROOT, "link")
            .expect("a text is only a text");
        assert_eq!(look(guest, "link"), Err(Errno::Inval), "{text:?}");
        all_refuse(guest, "link/x", Errno::Inval);
        guest.path_unlink_file(ROOT, "link").expect("the link");
    }
    let mut names = Vec::new();
    let listed = scene.root.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    });
    assert_eq!(listed, Ok(()));
    names.sort();
    assert_eq!(names, ["dir", "mine"], "nothing was made");
}

#[test]
fn a01_names_of_devices() {
    everywhere("CVE-2024-51745, CVE-2024-51756", |scene| {
        let mut guest = on_windows(scene);
        let ports = "0123456789¹²³".chars();
        let ports = ports.flat_map(|digit| [format!("COM{digit}"), format!("lpt{digit}")]);
        let devices = ["CON", "PRN", "aux", "NUL", "CONIN$", "conout$"].map(str::to_owned);
        for device in devices.into_iter().chain(ports) {
            let forms = [
                &device[..],
                &format!("{device}.tar.gz"),
                &format!("{device} "),
                &format!("{device}:x"),
            ];
            for name in forms {
                assert_eq!(look(&mut guest, name), Err(Errno::Inval), "{name:?}");
                assert_eq!(
                    guest.path_create_directory(ROOT, name),
                    Err(Errno::Inval),
                    "{name:?}"
                );
            }
        }
        for name in ["COM¹", "NUL.txt"] {
            refuse_everywhere(scene, &mut guest, name);
        }
    });
}

#[test]
fn a02_names_of_devices_that_are_not_the_last_component() {
    everywhere("cap-primitives 4.0.3", |scene| {
        let mut guest = on_windows(scene);
        for name in ["NUL", "CONIN$", "conout$.x", "com3"] {
            refuse_everywhere(scene, &mut guest, name);
        }
    });
}

#[test]
fn a03_drives_and_streams_in_the_middle_of_a_path() {
    everywhere("GHSA-f2pq-268w-886c", |scene| {
        let mut guest = on_windows(scene);
        for name in [
            "C:",
            "C:secret",
            "C:\\Windows\\win.ini",
            "file:stream",
            "file::$DATA",
            "\\\\?\\C:",
        ] {
            refuse_everywhere(scene, &mut guest, name);
        }
    });
}

#[test]
fn a99_a_junction_as_the_last_component() {
    everywhere("CVE-2026-56857", |scene| {
        // A filesystem never follows: to make a directory where a link is says that it is there.
        scene.link("junction", "../outside");
        scene.link("dangling", "../outside/new");
        let mut guest = on_windows(scene);
        for path in ["junction", "dangling", "junction/", "dangling/"] {
            assert_eq!(
                guest.path_create_directory(ROOT, path),
                Err(Errno::Exist),
                "{path}"
            );
        }
        assert_eq!(
            guest.path_create_directory(ROOT, "junction/new"),
            Err(Errno::Perm)
        );
    });
}

#[test]
fn a100_both_kinds_of_slashes() {
    everywhere("GHSA-6xv5-86q9-7xr8", |scene| {
        let mut guest = on_windows(scene);
        for name in [
            "..\\..",
            "dir\\..\\..\\secret",
            "..\\secret",
            "\\secret",
            "dir\\file",
        ] {
            refuse_everywhere(scene, &mut guest, name);
        }
        all_refuse(&mut guest, "dir/..\\../secret", Errno::Inval);
        // Here these are letters of a name.
        let mut guest = scene.guest();
        put(&mut guest, "..\\..\\secret", "inside");
        assert_eq!(
            content(&mut guest, "..\\..\\secret").as_deref(),
            Ok("inside")
        );
    });
}
