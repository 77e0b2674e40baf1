//! Sockets on this machine.
