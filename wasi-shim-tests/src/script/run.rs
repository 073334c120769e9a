//! What came of a case, on whichever host: what each call answered, and how it ended.

/// What one call answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The error code, 0 for success.
    pub errno: u32,
    /// The bytes read back, one piece for each of the step's `outs`.
    pub outs: Vec<Vec<u8>>,
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All calls were made.
    Finished,
    /// It ended itself with `proc_exit`.
    Exited(u32),
    /// The host ended it for an error of its own.
    Trapped(String),
    /// The host crashed, hung, or said nothing that can be understood.
    Lost(String),
}

/// All that is known of how a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The calls that returned, in order.
    pub calls: Vec<Observed>,
    /// How it ended.
    pub end: End,
}
