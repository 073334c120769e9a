// The command line that hosts in JavaScript share: as `hosts.toml` spells it, and an exit status for each way to end.
import { readFileSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export function options(words) {
  const found = { name: 'guest', env: {}, dirs: [], args: [] };
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--version') found.version = true;
    else if (word === '--argv0') found.name = words.shift();
    else if (word === '--env') {
      const [name, ...value] = words.shift().split('=');
      found.env[name] = value.join('=');
    } else if (word === '--dir') {
      const [host, guest] = words.shift().split('::');
      found.dirs.push({ host, guest });
    } else {
      found.module = word;
      found.args = words.splice(0);
    }
  }
  return found;
}

// A package from the folders of NODE_PATH, which `import` does not look at.
export async function find(name, entry) {
  for (const folder of (process.env.NODE_PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (existsSync(path)) {
      const { version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      return { version, exports: await import(pathToFileURL(join(path, entry))) };
    }
  }
  console.error(`${name} is in none of the folders of NODE_PATH`);
  process.exit(1);
}

// `start` is called with the compiled module, and returns the exit code. What it throws has ended the guest in the middle
// of something, which is what a trap is.
export async function launch(found, start) {
  const module = await WebAssembly.compile(readFileSync(found.module));
  try {
    process.exitCode = (await start(module)) ?? 0;
  } catch (error) {
    console.error(error?.stack ?? String(error));
    process.exitCode = error instanceof WebAssembly.LinkError ? 70 : 134;
  }
}
