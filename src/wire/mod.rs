//! engine
pub mod mse;
