// Runs the guest under node:wasi, as it is told on standard input, a line for a call: the function and how many turns.
// It answers with nanoseconds, or with what went wrong.
import { openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { WASI } from "node:wasi";

const [module, folder] = process.argv.slice(2);
const wasi = new WASI({
    version: "preview1",
    preopens: { "/": folder },
    stdout: openSync("/dev/null", "w"),
});
const compiled = new WebAssembly.Module(readFileSync(module));
const instance = new WebAssembly.Instance(compiled, wasi.getImportObject());
wasi.initialize(instance);
const { exports } = instance;

for await (const line of createInterface({ input: process.stdin })) {
    const [name, turns] = line.split(" ");
    try {
        const start = process.hrtime.bigint();
        exports[name](Number(turns));
        console.log(`took ${process.hrtime.bigint() - start}`);
    } catch (error) {
        const answer = exports.answer.value;
        exports.answer.value = 0;
        console.log(answer ? `answered ${answer}` : `broken ${error.message}`);
    }
}
