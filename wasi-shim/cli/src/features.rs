//! Knows the WebAssembly proposals that `--wasm` can switch, by the names `wasmtime -W` gives them.
//! Refuses to know what else an engine is configured with.
//! For `options`, which parses with it, and `engine`, which applies the result.

use wasmtime::Config;

/// One `FEATURE[=y|n]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    #[cfg_attr(not(feature = "wasmi"), allow(dead_code))]
    pub(crate) name: &'static str,
    pub(crate) on: bool,
    apply: Switch,
}

type Switch = fn(&mut Config, bool);

/// Atomics, memories that are shared, and `wasi:thread-spawn`.
const THREADS: &str = "threads";

const FEATURES: &[(&str, Switch)] = &[
    ("bulk-memory", |c, on| _ = c.wasm_bulk_memory(on)),
    ("custom-page-sizes", |c, on| {
        _ = c.wasm_custom_page_sizes(on)
    }),
    ("exceptions", |c, on| _ = c.wasm_exceptions(on)),
    ("extended-const", |c, on| _ = c.wasm_extended_const(on)),
    ("function-references", |c, on| {
        _ = c.wasm_function_references(on)
    }),
    ("gc", |c, on| _ = c.wasm_gc(on)),
    ("memory64", |c, on| _ = c.wasm_memory64(on)),
    ("multi-memory", |c, on| _ = c.wasm_multi_memory(on)),
    ("multi-value", |c, on| _ = c.wasm_multi_value(on)),
    ("reference-types", |c, on| _ = c.wasm_reference_types(on)),
    ("relaxed-simd", |c, on| _ = c.wasm_relaxed_simd(on)),
    ("simd", |c, on| _ = c.wasm_simd(on)),
    ("tail-call", |c, on| _ = c.wasm_tail_call(on)),
    (THREADS, |c, on| _ = c.wasm_threads(on).shared_memory(on)),
    ("wide-arithmetic", |c, on| _ = c.wasm_wide_arithmetic(on)),
];

impl Setting {
    pub(crate) fn apply(self, config: &mut Config) {
        (self.apply)(config, self.on);
    }
}

/// May the guest have threads? The last word on it counts.
pub(crate) fn threads(settings: &[Setting]) -> bool {
    let mut said = settings.iter().rev();
    said.find(|setting| setting.name == THREADS)
        .is_some_and(|setting| setting.on)
}

/// `FEATURE`, `FEATURE=y` or `FEATURE=n`; clap splits lists at the commas.
pub(crate) fn parse(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "y"));
    let on = match value {
        "y" | "yes" | "true" => true,
        "n" | "no" | "false" => false,
        _ => return Err(format!("`{value}` is neither y nor n")),
    };
    let known = FEATURES.iter().find(|(known, _)| *known == name);
    known
        .map(|&(name, apply)| Setting { name, on, apply })
        .ok_or_else(|| explain(name))
}

fn explain(name: &str) -> String {
    if name == "legacy-exceptions" {
        return format!("this engine has no legacy exceptions; {LEGACY_EXCEPTIONS}");
    }
    let known: Vec<_> = FEATURES.iter().map(|(name, _)| *name).collect();
    format!(
        "no feature is called `{name}`; there are {}",
        known.join(", ")
    )
}

/// What to do about a module in the encoding of exceptions that came before the standard one.
pub(crate) const LEGACY_EXCEPTIONS: &str = "translate the module with `wasm-opt --translate-to-exnref`, \
     or rebuild it with `-mllvm -wasm-use-legacy-eh=false`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        assert!(parse("exceptions").is_ok_and(|setting| setting.on));
        assert!(parse("tail-call=y").is_ok_and(|setting| setting.on));
        assert!(parse("simd=n").is_ok_and(|setting| !setting.on));
        assert!(parse("simd=maybe").is_err());
    }

    #[test]
    fn the_last_word_on_threads_counts() {
        let said = |words: &[&str]| {
            let settings: Result<Vec<_>, _> = words.iter().map(|word| parse(word)).collect();
            threads(&settings.unwrap())
        };
        assert!(!said(&[]));
        assert!(!said(&["simd"]));
        assert!(said(&["threads", "simd=n"]));
        assert!(said(&["threads=n", "threads"]));
        assert!(!said(&["threads", "threads=n"]));
    }

    #[test]
    fn an_unknown_name_gets_the_known_ones() {
        let message = parse("warp-drive").unwrap_err();
        assert!(
            message.contains("warp-drive")
                && message.contains("exceptions")
                && message.contains("wide-arithmetic")
        );
    }

    #[test]
    fn every_feature_makes_an_engine_when_switched_on() {
        for (name, apply) in FEATURES {
            let mut config = Config::new();
            apply(&mut config, true);
            assert!(wasmtime::Engine::new(&config).is_ok(), "{name}");
        }
    }
}
