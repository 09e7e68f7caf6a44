//! Specs in memory.

/// Keeps specs in memory.
#[derive(Debug)]
pub struct MemoryStore;
