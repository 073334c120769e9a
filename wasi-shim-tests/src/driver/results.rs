//! From the bytes that the driver wrote to what each call answered.

use super::MARK;
use crate::script::{Observed, Plan, Step};

/// The head of a result: mark, step, length, error code.
const HEAD: usize = 16;

/// The calls that returned, in order. What is between results, or instead of them, is the case's own output or the host's
/// and is passed over.
pub fn results(plan: &Plan, output: &[u8]) -> Vec<Observed> {
    let mut found = Vec::new();
    let mut rest = output;
    while let Some(step) = plan.steps.get(found.len()) {
        let Some(at) = rest.windows(MARK.len()).position(|bytes| bytes == MARK) else {
            break;
        };
        rest = &rest[at..];
        match result(step, found.len(), rest) {
            Some((observed, len)) => {
                found.push(observed);
                rest = &rest[len..];
            }
            None => rest = &rest[1..],
        }
    }
    found
}

/// One result at the start of these bytes, and its length; `None` if it is no result of this step.
fn result(step: &Step, index: usize, bytes: &[u8]) -> Option<(Observed, usize)> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let data: usize = step.outs.iter().map(|out| out.len as usize).sum();
    let len = HEAD + data;
    if word(4)? as usize != index || word(8)? as usize != len {
        return None;
    }
    let mut rest = bytes.get(HEAD..len)?;
    let mut outs = Vec::new();
    for out in &step.outs {
        let (out, after) = rest.split_at(out.len as usize);
        outs.push(out.to_vec());
        rest = after;
    }
    let errno = word(12)?;
    Some((Observed { errno, outs }, len))
}
