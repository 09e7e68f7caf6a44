//! `spec-local` with real folders, processes and repositories.

mod conformance;
mod fixture;
mod processes;
