//! The numbers by which JavaScript and Rust name commands and events. Each says which slots of the
//! page it reads and writes; commands and events that are messages have the message's id.

use napi_derive::napi;

/// Sends `choke`. This and the other `COMMAND_*` take no bytes.
#[napi]
pub const COMMAND_CHOKE: u32 = 0;
/// Sends `unchoke`.
#[napi]
pub const COMMAND_UNCHOKE: u32 = 1;
/// Sends `interested`.
#[napi]
pub const COMMAND_INTERESTED: u32 = 2;
/// Sends `not interested`.
#[napi]
pub const COMMAND_NOT_INTERESTED: u32 = 3;
/// Sends `have` of piece A.
#[napi]
pub const COMMAND_HAVE: u32 = 4;
/// Sends a `request` of piece A, offset B, length C. `RESULT_CHOKED`.
#[napi]
pub const COMMAND_REQUEST: u32 = 6;
/// Sends `piece` A, offset B, with a block of length C that JavaScript sends on; gives the
/// position of the request that it settles.
#[napi]
pub const COMMAND_PIECE: u32 = 7;
/// Sends `cancel` of A, B, C; gives the position of the request that it takes back.
#[napi]
pub const COMMAND_CANCEL: u32 = 8;
/// Sends `port` A.
#[napi]
pub const COMMAND_PORT: u32 = 9;
/// Sends `suggest` A. `RESULT_FAST_DISABLED`, as the four below.
#[napi]
pub const COMMAND_SUGGEST: u32 = 13;
/// Sends `have all`.
#[napi]
pub const COMMAND_HAVE_ALL: u32 = 14;
/// Sends `have none`.
#[napi]
pub const COMMAND_HAVE_NONE: u32 = 15;
/// Sends `reject` of A, B, C; gives the position of the request that it settles.
#[napi]
pub const COMMAND_REJECT: u32 = 16;
/// Sends `allowed fast` A.
#[napi]
pub const COMMAND_ALLOWED_FAST: u32 = 17;
/// Sends a keep-alive.
#[napi]
pub const COMMAND_KEEP_ALIVE: u32 = 18;
/// Answers the peer's request of key A with a block of length B that JavaScript sends on; gives
/// its position. `RESULT_GONE`.
#[napi]
pub const COMMAND_ANSWER: u32 = 20;
/// Declines the peer's request of key A; gives its position. `RESULT_GONE`.
#[napi]
pub const COMMAND_DECLINE: u32 = 21;
/// Removes our last request.
#[napi]
pub const COMMAND_POP_REQUEST: u32 = 22;
/// Removes our request of A, B, C without a word; gives its position.
#[napi]
pub const COMMAND_FORGET_REQUEST: u32 = 23;
/// Removes a request that has timed out; gives its position.
#[napi]
pub const COMMAND_TAKE_TIMED_OUT: u32 = 24;
/// Sets the timeout of requests to A milliseconds.
#[napi]
pub const COMMAND_SET_TIMEOUT: u32 = 25;
/// Gives the time of the next timeout.
#[napi]
pub const COMMAND_NEXT_TIMEOUT: u32 = 26;
/// Gives both speeds.
#[napi]
pub const COMMAND_SPEEDS: u32 = 27;
/// Counts A bytes as downloaded and B bytes as uploaded, for the speeds.
#[napi]
pub const COMMAND_COUNT: u32 = 28;
/// Sets am-choking, am-interested, peer-choking and fast to the lowest bits of A, in this order.
#[napi]
pub const COMMAND_SET_STATE: u32 = 29;
/// Sets whether the peer has piece A to B.
#[napi]
pub const COMMAND_SET_PEER_PIECE: u32 = 30;
/// Sets whether the peer has all pieces (A not 0) or none.
#[napi]
pub const COMMAND_SET_PEER_HAS_ALL: u32 = 31;
/// Closes the wire.
#[napi]
pub const COMMAND_CLOSE: u32 = 32;
/// Lets go in plaintext what waits for a crypto handshake that was never begun.
#[napi]
pub const COMMAND_RELEASE_PLAINTEXT: u32 = 34;
/// Gives the next segments of the output as a run: the bytes and the block of each in turn.
#[napi]
pub const COMMAND_OUTPUT: u32 = 35;
/// Notes that A bytes of output that was taken did not leave yet.
#[napi]
pub const COMMAND_SET_UNDELIVERED: u32 = 36;
/// Does nothing but what every command does at its end: tells what waits.
#[napi]
pub const COMMAND_SUMMARIZE: u32 = 33;

/// Frames a chunk, of which JavaScript collected A bytes before. This and the other `TRANSFER_*`
/// take bytes.
#[napi]
pub const TRANSFER_RECEIVE: u32 = 0;
/// Fills the bytes with the next A segments of the output.
#[napi]
pub const TRANSFER_OUTPUT: u32 = 1;
/// Fills the bytes with the body that the last event announced.
#[napi]
pub const TRANSFER_BODY: u32 = 2;
/// Sends a handshake: 20 bytes of info hash, 20 of peer id; A, B, C switch DHT, fast, extended.
#[napi]
pub const TRANSFER_HANDSHAKE: u32 = 3;
/// Sends `bitfield`.
#[napi]
pub const TRANSFER_BITFIELD: u32 = 5;
/// Sends `piece` A, offset B, with the bytes of its block: where `SLOT_TAKES_BLOCKS`.
#[napi]
pub const TRANSFER_PIECE: u32 = 7;
/// Answers the peer's request of key A with the bytes of its block, likewise.
#[napi]
pub const TRANSFER_ANSWER: u32 = 8;
/// Takes bytes of the crypto handshake; consumes as many as it used.
#[napi]
pub const TRANSFER_NEGOTIATE: u32 = 9;
/// Fills the bytes with the source, decrypted.
#[napi]
pub const TRANSFER_DECRYPT: u32 = 10;
/// Begins the crypto handshake for the 20 bytes of an info hash.
#[napi]
pub const TRANSFER_START_ENCRYPTION: u32 = 11;
/// Gives the crypto handshake the 20 bytes of its info hash.
#[napi]
pub const TRANSFER_SET_INFO_HASH: u32 = 12;
/// Sends a message of the extension whose id is A.
#[napi]
pub const TRANSFER_EXTENDED: u32 = 20;

/// No event is left of what was framed.
#[napi]
pub const EVENT_NONE: u32 = 100;
/// A keep-alive. Events below 100 are messages, named by their ids: a piece gives index, offset,
/// length, start and position; a request index, offset, length and key; and so on.
#[napi]
pub const EVENT_KEEP_ALIVE: u32 = 101;
/// The handshake: its 40 bytes of info hash and peer id are the body; index holds DHT (1), fast
/// (2) and extended (4).
#[napi]
pub const EVENT_HANDSHAKE: u32 = 102;
/// The extended handshake; its bytes are the body.
#[napi]
pub const EVENT_EXTENDED_HANDSHAKE: u32 = 103;
/// An unknown message; its bytes are the body.
#[napi]
pub const EVENT_UNKNOWN: u32 = 104;
/// The crypto handshake needs an info hash; HASH('req2', SKEY) is the body.
#[napi]
pub const EVENT_CRYPTO_INFO_HASH: u32 = 106;
/// The crypto handshake is over; index is its method, 0 where the peer began in plaintext. The
/// first bytes of the stream are the body.
#[napi]
pub const EVENT_CRYPTO_HANDSHAKE: u32 = 107;
/// A violation; [`super::engine::Engine::violation`] tells which.
#[napi]
pub const EVENT_VIOLATION: u32 = 105;

/// In the bits that open a wire: the crypto handshake comes first.
#[napi]
pub const ENCRYPT: u32 = 1;
/// Likewise: we open the connection.
#[napi]
pub const INITIATOR: u32 = 2;
/// Likewise: plaintext is not offered and not selected.
#[napi]
pub const RC4_ONLY: u32 = 4;
/// Likewise: a plaintext handshake is a violation.
#[napi]
pub const REQUIRE: u32 = 8;
/// Likewise: our handshake may travel in step 3.
#[napi]
pub const INITIAL_PAYLOAD: u32 = 16;
