//! The cases every language runs.
