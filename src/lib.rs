//! The BitTorrent peer wire.
pub mod wire;
