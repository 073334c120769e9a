//! One row as bars on a logarithmic scale: an SVG that takes its colours from the page around it.
//!
//! This file knows coordinates. The scale begins below the fastest host of the row and ends above the slowest, so that
//! the lengths of bars compare hosts within a row and nothing between rows.

use super::html::escape;
use super::{Measure, Row, hosts, is_ours, is_peer, numbers};
use std::fmt::Write;

/// Where names end, and bars begin.
const LEFT: f64 = 118.0;
/// Where bars end.
const RIGHT: f64 = 408.0;
/// Where medians end.
const MEDIAN: f64 = 506.0;
/// Where ratios end.
const WIDTH: f64 = 556.0;
/// From one bar to the next.
const STEP: f64 = 22.0;
/// How thick a bar is.
const THICK: f64 = 13.0;
/// What is under the bars.
const AXIS: f64 = 18.0;
/// No more powers of ten than this are named.
const NAMED: i32 = 7;

/// Powers of ten, the first and the last that are shown.
#[derive(Clone, Copy)]
struct Scale {
    low: i32,
    high: i32,
}

/// The bars of a row; nothing if nothing of it was measured.
pub(super) fn plot(row: &Row) -> String {
    let hosts = hosts(&[row]);
    let limit = row.target.as_ref().and_then(|target| target.limit(row));
    let Some(scale) = Scale::of(row, limit) else {
        return String::new();
    };
    let bottom = STEP * hosts.len() as f64;
    let height = bottom + AXIS;
    let mut out = format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#,
        escape(&spoken(row, &hosts))
    );
    scale.draw(&mut out, bottom);
    for (number, host) in hosts.iter().enumerate() {
        if let Some(measure) = row.measures.get(*host) {
            bar(&mut out, scale, STEP * number as f64, row, host, *measure);
        }
    }
    if let Some(limit) = limit {
        let x = scale.x(limit);
        let _ = write!(out, r#"<path class="limit" d="M{x:.1} 0V{bottom}"/>"#);
    }
    out.push_str("</svg>");
    out
}

impl Scale {
    fn of(row: &Row, limit: Option<f64>) -> Option<Self> {
        let medians = row.measures.values().map(|measure| measure.median);
        let shown = medians.chain(limit).filter(|time| *time > 0.0);
        let (low, high) = shown.fold((f64::INFINITY, 0.0_f64), |(low, high), time| {
            (low.min(time), high.max(time))
        });
        // The shortest bar is still one.
        let low = (low.is_finite()).then(|| (low / 1.5).log10().floor() as i32)?;
        let high = (high.log10().ceil() as i32).max(low + 1);
        Some(Self { low, high })
    }

    fn x(self, time: f64) -> f64 {
        let decades = f64::from(self.high - self.low);
        let part = (time.max(f64::MIN_POSITIVE).log10() - f64::from(self.low)) / decades;
        LEFT + (RIGHT - LEFT) * part.clamp(0.0, 1.0)
    }

    fn draw(self, out: &mut String, bottom: f64) {
        let every = (self.high - self.low) / NAMED + 1;
        for power in self.low..=self.high {
            let time = 10_f64.powi(power);
            let x = self.x(time);
            let _ = write!(out, r#"<path class="grid" d="M{x:.1} 0V{bottom}"/>"#);
            if (power - self.low) % every == 0 {
                let y = bottom + 13.0;
                let name = numbers::short(time);
                let _ = write!(
                    out,
                    r#"<text class="tick" x="{x:.1}" y="{y}">{name}</text>"#
                );
            }
        }
    }
}

fn bar(out: &mut String, scale: Scale, top: f64, row: &Row, host: &str, measure: Measure) {
    let (y, middle, base) = (top + (STEP - THICK) / 2.0, top + STEP / 2.0, top + 15.5);
    let width = scale.x(measure.median) - LEFT;
    let (from, to) = (scale.x(measure.min), scale.x(measure.max));
    let (name, label) = (escape(host), LEFT - 8.0);
    let time = numbers::named(measure.median, row.unit);
    let _ = write!(
        out,
        r#"<text class="name" x="{label}" y="{base}">{name}</text><rect class="{}" x="{LEFT}" y="{y}" width="{width:.1}" height="{THICK}" rx="2"/><path class="range" d="M{from:.1} {middle}H{to:.1}"/><text class="end" x="{MEDIAN}" y="{base}">{time}</text>"#,
        class(host)
    );
    if let Some(ratio) = row.ratio(host) {
        let mark = if is_peer(host) && ratio >= 1.0 {
            "end bad"
        } else {
            "end soft"
        };
        let shown = numbers::ratio(ratio);
        let _ = write!(
            out,
            r#"<text class="{mark}" x="{WIDTH}" y="{base}">{shown}</text>"#
        );
    }
}

fn class(host: &str) -> &'static str {
    match host {
        _ if is_ours(host) => "ours",
        _ if is_peer(host) => "peer",
        _ => "base",
    }
}

/// For those who do not see the bars.
fn spoken(row: &Row, hosts: &[&str]) -> String {
    let times = hosts.iter().filter_map(|host| {
        let time = numbers::named(row.median(host)?, row.unit);
        Some(format!("{host} {time}"))
    });
    let times: Vec<String> = times.collect();
    format!("{}: {}", row.operation, times.join(", "))
}
