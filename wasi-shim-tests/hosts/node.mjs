// Runs a module under node:wasi.
import { WASI } from 'node:wasi';
import { launch, options } from './launch.mjs';

const found = options(process.argv.slice(2));
if (found.version) {
  console.log(`node ${process.versions.node}, uvwasi ${process.versions.uvwasi ?? 'unknown'}`);
} else {
  const preopens = Object.fromEntries(found.dirs.map(({ host, guest }) => [guest, host]));
  await launch(found, async (module) => {
    const wasi = new WASI({
      version: 'preview1',
      args: [found.name, ...found.args],
      env: found.env,
      preopens,
      returnOnExit: true,
    });
    return wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
  });
}
