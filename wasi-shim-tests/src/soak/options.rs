//! What a run is to be: the command line's options.
//!
//! Knows their names and defaults. Refuses to know what is done with them. Everything in this folder reads them.

use std::time::Duration;

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long.
    pub seconds: f64,
    /// How many threads, each with a guest of its own over trees that all share.
    pub threads: usize,
    /// How many descriptors each guest may have, and mostly has.
    pub descriptors: u32,
    /// How many guests are made and dropped in the course of the run, at least; each thread also makes its own anew.
    pub instances: u64,
    /// How often a table is filled to the last descriptor, and emptied.
    pub exhaustions: u32,
    /// How many entries the large directory has; none, and there is none.
    pub entries: u32,
    /// What memory may certainly grow by, in KiB per second, after the warm-up.
    pub slope: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: 60.0,
            threads: 8,
            descriptors: 64,
            instances: 10_000,
            exhaustions: 1_000,
            entries: 0,
            slope: 1.0,
        }
    }
}

impl Options {
    /// Reads `--seconds 60 --threads 8` and so on.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub fn read(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let value = args.next().ok_or(format!("{name} needs a value"))?;
            let set = match name.as_str() {
                "--seconds" => put(&mut options.seconds, &value),
                "--threads" => put(&mut options.threads, &value),
                "--descriptors" => put(&mut options.descriptors, &value),
                "--instances" => put(&mut options.instances, &value),
                "--exhaustions" => put(&mut options.exhaustions, &value),
                "--entries" => put(&mut options.entries, &value),
                "--slope" => put(&mut options.slope, &value),
                _ => return Err(format!("there is no option {name}")),
            };
            set.ok_or(format!("{name} {value} is no number"))?;
        }
        Ok(options)
    }

    /// One of so many parts of it.
    pub(super) fn part(&self, parts: u32) -> Self {
        Self {
            seconds: self.seconds / f64::from(parts),
            instances: self.instances.div_ceil(parts.into()),
            ..self.clone()
        }
    }

    pub(super) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// Until then memory may grow: caches fill, and the allocator takes what it will keep. A quarter of the run.
    pub(super) fn warm_up(&self) -> Duration {
        self.length() / 4
    }
}

fn put<T: std::str::FromStr>(place: &mut T, value: &str) -> Option<()> {
    *place = value.parse().ok()?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let read = |text: &str| Options::read(text.split_whitespace().map(str::to_owned));
        let options = read("--seconds 2.5 --threads 3").unwrap();
        assert_eq!((options.seconds, options.threads), (2.5, 3));
        assert_eq!(read(""), Ok(Options::default()));
        for wrong in ["--seconds", "--seconds x", "--minutes 3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
