//! The progress bar of long commands.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar with a name for each step.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{msg:20} {bar:40} {pos}/{len} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    pub(super) fn progress(&self) -> impl FnMut(&'static str, usize, usize) + Send + '_ {
        |step, done, total| {
            self.0.set_message(step);
            self.0.set_length(total as u64);
            self.0.set_position(done as u64);
        }
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
