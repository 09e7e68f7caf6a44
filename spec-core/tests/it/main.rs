//! The machine against its ports in memory.

mod pure;
