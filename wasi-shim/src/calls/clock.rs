//! `clock_*`.

use super::{Call, Reply};
use crate::abi::ClockId;

/// `clock_res_get`. *Answers* `inval` for a clock that the host does not have.
pub(crate) fn res_get(call: &Call<'_>, clock: ClockId) -> Reply<u64> {
    Ok(call.process.clock.resolution(clock)?.0.max(1))
}

/// `clock_time_get`. *Answers* `inval` for a clock that the host does not have.
///
/// *Differs from POSIX* in that a lag may be allowed; like every peer, this reads the clock and has none.
pub(crate) fn time_get(call: &Call<'_>, clock: ClockId, _precision: u64) -> Reply<u64> {
    Ok(call.process.clock.now(clock)?.0)
}
