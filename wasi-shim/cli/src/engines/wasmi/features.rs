//! Knows which of the proposals that `--wasm` names wasmi has, and how each is switched there.
//! Refuses to know how the option is written.
//! For the engine's set-up.

use wasmi::Config;

use crate::{failure::Failure, features::Setting};

type Switch = fn(&mut Config, bool);

const FEATURES: &[(&str, Switch)] = &[
    ("bulk-memory", |c, on| _ = c.wasm_bulk_memory(on)),
    ("custom-page-sizes", |c, on| {
        _ = c.wasm_custom_page_sizes(on)
    }),
    ("extended-const", |c, on| _ = c.wasm_extended_const(on)),
    ("multi-memory", |c, on| _ = c.wasm_multi_memory(on)),
    ("multi-value", |c, on| _ = c.wasm_multi_value(on)),
    ("reference-types", |c, on| _ = c.wasm_reference_types(on)),
    ("relaxed-simd", |c, on| _ = c.wasm_relaxed_simd(on)),
    ("simd", |c, on| _ = c.wasm_simd(on)),
    ("tail-call", |c, on| _ = c.wasm_tail_call(on)),
    ("wide-arithmetic", |c, on| _ = c.wasm_wide_arithmetic(on)),
];

/// What is not there can be switched off.
pub(super) fn apply(setting: Setting, config: &mut Config) -> Result<(), Failure> {
    let known = FEATURES.iter().find(|(name, _)| *name == setting.name);
    match known {
        Some((_, switch)) => switch(config, setting.on),
        None if setting.on => return Err(Failure::NoFeature(setting.name)),
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::parse;

    #[test]
    fn every_feature_here_is_one_that_the_option_knows() {
        for (name, _) in FEATURES {
            assert!(parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_not_there_can_be_switched_off_only() {
        let mut config = Config::default();
        let apply = |text, config: &mut Config| apply(parse(text).unwrap(), config);
        assert!(apply("gc=n", &mut config).is_ok());
        assert!(matches!(
            apply("gc", &mut config),
            Err(Failure::NoFeature("gc"))
        ));
        assert!(apply("simd", &mut config).is_ok());
    }
}
