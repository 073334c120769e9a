//! Taking times: how many turns make a sample, and in which order hosts take theirs.

use super::hosts::{Failed, Host};
use super::operation::Operation;
use std::time::Duration;

/// How long a sample should take. Long enough for the clock, short enough for a machine that others use too.
const SAMPLE: Duration = Duration::from_millis(8);

/// What takes longer than this for one turn is not repeated beyond it.
const SLOW: Duration = Duration::from_millis(500);

/// What a host came to.
#[derive(Debug)]
pub enum Outcome {
    /// Nanoseconds for one of what is measured, a number a round.
    Samples(Vec<f64>),
    /// It has nothing of the kind.
    Absent,
    /// It could not, or was not asked to, and why.
    Not(String),
}

/// Takes the times of one operation on all hosts.
pub fn measure(
    hosts: &mut [Box<dyn Host>],
    index: usize,
    operation: &Operation,
    rounds: usize,
) -> Vec<Outcome> {
    let mut places: Vec<Place> = hosts
        .iter_mut()
        .map(|host| Place::prepare(host.as_mut(), index, operation))
        .collect();
    for _ in 0..rounds {
        for (host, place) in hosts.iter_mut().zip(&mut places) {
            place.sample(host.as_mut(), index, operation);
        }
    }
    places.into_iter().map(Place::outcome).collect()
}

/// A host that takes part.
enum Place {
    Running { turns: u32, samples: Vec<f64> },
    Out(Outcome),
}

impl Place {
    fn prepare(host: &mut dyn Host, index: usize, operation: &Operation) -> Self {
        let without = operation
            .without
            .iter()
            .find(|(name, _)| *name == host.name());
        if let Some((_, why)) = without {
            return Self::Out(Outcome::Not(format!("not run: {why}")));
        }
        let turns = host
            .prepare(index)
            .and_then(|()| turns(host, index, operation));
        match turns {
            Ok(turns) => Self::Running {
                turns,
                samples: Vec::new(),
            },
            Err(failed) => Self::failed(failed),
        }
    }

    fn failed(failed: Failed) -> Self {
        Self::Out(match failed {
            Failed::Absent => Outcome::Absent,
            failed => Outcome::Not(failed.to_string()),
        })
    }

    fn sample(&mut self, host: &mut dyn Host, index: usize, operation: &Operation) {
        let Self::Running { turns, samples } = self else {
            return;
        };
        let enough = operation.once || *turns == 1 && samples.iter().sum::<f64>() > 2e9;
        if enough && !samples.is_empty() {
            return;
        }
        match host.run(index, *turns) {
            Ok(time) => {
                let things = f64::from(*turns) * f64::from(operation.per);
                samples.push(time.as_nanos() as f64 / things);
            }
            Err(failed) => *self = Self::failed(failed),
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Running { samples, .. } => Outcome::Samples(samples),
            Self::Out(outcome) => outcome,
        }
    }
}

/// How many turns take about as long as a sample should.
fn turns(host: &mut dyn Host, index: usize, operation: &Operation) -> Result<u32, Failed> {
    if operation.once {
        return Ok(1);
    }
    let mut turns = 1_u32;
    loop {
        let took = host.run(index, turns)?;
        if took >= SAMPLE / 4 || took >= SLOW || turns >= 1 << 22 {
            let scale = SAMPLE.as_secs_f64() / took.as_secs_f64().max(1e-9);
            let scaled = (f64::from(turns) * scale).round();
            return Ok((scaled as u32).clamp(1, 1 << 24));
        }
        turns *= 4;
    }
}
