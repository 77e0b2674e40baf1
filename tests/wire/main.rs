//! The engine through its public face: any chunking gives the same, and no word of a peer is
//! taken further than the limits go.

mod chunking;
mod driver;
mod encrypting;
mod fallback;
mod limits;
mod pausing;
mod serving;
