// Runs a module under @bjorn3/browser_wasi_shim. Its files are in memory: a directory is copied there and back. It has no
// symbolic links, so trees with links lose them.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { find, launch, options } from './launch.mjs';

const found = options(process.argv.slice(2));
const { version, exports: shim } = await find('@bjorn3/browser_wasi_shim', 'dist/index.js');

function load(path) {
  const contents = new Map();
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name);
    if (entry.isDirectory()) contents.set(entry.name, new shim.Directory(load(below)));
    else if (entry.isFile()) contents.set(entry.name, new shim.File(fs.readFileSync(below)));
  }
  return contents;
}

// What the guest made of it; links are left as they were.
function store(path, contents) {
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const kept = contents.get(entry.name);
    const alike = entry.isDirectory() ? kept instanceof shim.Directory : kept instanceof shim.File;
    if (!alike && !entry.isSymbolicLink()) fs.rmSync(join(path, entry.name), { recursive: true });
  }
  for (const [name, inode] of contents) {
    const below = join(path, name);
    if (inode instanceof shim.Directory) {
      if (!fs.existsSync(below)) fs.mkdirSync(below);
      store(below, inode.contents);
    } else {
      fs.writeFileSync(below, inode.data);
    }
  }
}

if (found.version) {
  console.log(`@bjorn3/browser_wasi_shim ${version}, node ${process.versions.node}`);
} else {
  const writeAll = (fd) => (bytes) => {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
  };
  const preopens = found.dirs.map(({ host, guest }) => new shim.PreopenDirectory(guest, load(host)));
  const fds = [
    new shim.OpenFile(new shim.File(fs.readFileSync(0))),
    new shim.ConsoleStdout(writeAll(1)),
    new shim.ConsoleStdout(writeAll(2)),
    ...preopens,
  ];
  const env = Object.entries(found.env).map(([name, value]) => `${name}=${value}`);
  await launch(found, async (module) => {
    const wasi = new shim.WASI([found.name, ...found.args], env, fds, { debug: false });
    try {
      return wasi.start(await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport }));
    } finally {
      if (found.dirs.length > 0) store(found.dirs[0].host, preopens[0].dir.contents);
    }
  });
}
