//! engine

pub mod bencode;
