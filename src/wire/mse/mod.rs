//! Message Stream Encryption.
#![forbid(unsafe_code)]

mod rc4;

pub use rc4::Rc4;
