//! How far a command is through a file: a bar on a terminal, plain lines elsewhere. Both on standard error.

use crate::output::tell;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Rows between two plain lines.
const ROWS_PER_LINE: u64 = 10_000;

/// Shows progress through a file.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    size_bytes: u64,
    told_rows: u64,
    earlier_rows: u64,
}

impl Progress {
    /// Nothing done yet of a file of that size.
    pub(crate) fn start(size_bytes: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {elapsed} (left: {eta})")
                    .expect("the template is one of indicatif's");
            ProgressBar::with_draw_target(Some(size_bytes), ProgressDrawTarget::stderr()).with_style(style)
        });
        Self { bar, size_bytes, told_rows: 0, earlier_rows: 0 }
    }

    /// So many rows were done by an earlier run.
    pub(crate) fn resume(&mut self, rows: u64) {
        self.earlier_rows = rows;
    }

    /// So many bytes and rows are done, those of earlier runs included.
    pub(crate) fn advance(&mut self, bytes: u64, rows: u64) {
        if let Some(bar) = &self.bar {
            let seconds = bar.elapsed().as_secs_f64().max(0.001);
            let rate = rows.saturating_sub(self.earlier_rows) as f64 / seconds;
            bar.set_message(format!("{rows} rows ({rate:.0} a second)"));
            bar.set_position(bytes);
        } else if rows >= self.told_rows + ROWS_PER_LINE {
            self.told_rows = rows;
            let percent = (bytes * 100).checked_div(self.size_bytes).unwrap_or(100);
            tell(&format!("{rows} rows, {percent} %"));
        }
    }

    /// Says something without disturbing the bar.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(text)),
            None => tell(text),
        }
    }

    /// All is done.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
