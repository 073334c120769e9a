// Runs a module under @tybys/wasm-util.
import * as fs from 'node:fs';
import { find, launch, options } from './launch.mjs';

const found = options(process.argv.slice(2));
const { version, exports } = await find('@tybys/wasm-util', 'lib/mjs/index.mjs');
if (found.version) {
  console.log(`@tybys/wasm-util ${version}, node ${process.versions.node}`);
} else {
  const preopens = Object.fromEntries(found.dirs.map(({ host, guest }) => [guest, host]));
  await launch(found, async (module) => {
    const wasi = exports.createWASI
      ? undefined
      : new exports.WASI({
          version: 'preview1',
          args: [found.name, ...found.args],
          env: found.env,
          preopens,
          returnOnExit: true,
          fs,
          print: (text) => fs.writeSync(1, text),
          printErr: (text) => fs.writeSync(2, text),
        });
    return wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
  });
}
