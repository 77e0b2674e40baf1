//! Message Stream Encryption from the outside: both roles against each other and against a peer
//! that misbehaves.

mod agreement;
mod end;
mod plaintext;
mod transcripts;
mod violations;
