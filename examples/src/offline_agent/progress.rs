//! Telling a person what happens, while it happens.

use spec_core::event::{ProgressItem, ProgressKind};

/// Hands progress to whoever listens.
pub(crate) struct Progress<'a> {
    sink: &'a mut dyn FnMut(ProgressItem),
}

impl std::fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

impl<'a> Progress<'a> {
    pub(crate) fn new(sink: &'a mut dyn FnMut(ProgressItem)) -> Self {
        Self { sink }
    }

    /// Something that was found or done.
    pub(crate) fn say(&mut self, permille: u16, text: impl Into<String>) {
        self.tell(ProgressKind::Message, permille, text.into());
    }

    /// A file that is being read.
    pub(crate) fn file(&mut self, permille: u16, text: impl Into<String>) {
        self.tell(ProgressKind::File, permille, text.into());
    }

    /// Something a person should know about.
    pub(crate) fn warn(&mut self, permille: u16, text: impl Into<String>) {
        self.tell(ProgressKind::Warning, permille, text.into());
    }

    fn tell(&mut self, kind: ProgressKind, permille: u16, text: String) {
        (self.sink)(ProgressItem {
            kind,
            text,
            permille: Some(permille),
        });
    }
}
