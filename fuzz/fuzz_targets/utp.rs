//! A connection of uTP under any packets, calls and times: no panic, and it stays within its bounds.
#![no_main]

use bittorrent_protocol_native::transport::utp::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| fuzzing::run(input));
