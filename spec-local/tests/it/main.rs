//! `spec-local` with real folders, processes and repositories.

#![cfg(test)]

mod checkout;
mod conformance;
mod directory_target;
mod fixture;
mod host_death;
mod isolation;
mod processes;
mod world;
