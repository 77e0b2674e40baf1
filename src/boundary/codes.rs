//! The numbers by which the two sides name commands, events and states.

#[cfg(feature = "node")]
use napi_derive::napi;

/// Sends a keep-alive. This and the other `COMMAND_*` take no bytes. A result is
/// `RESULT_DONE` or `RESULT_GONE` where nothing else is said; arguments are A, B, C, D.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_KEEP_ALIVE: u32 = 0;

/// Sends `unchoke`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_UNCHOKE: u32 = 1;

/// Sends `interested`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_INTERESTED: u32 = 2;

/// Sends `not interested`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_NOT_INTERESTED: u32 = 3;

/// Sends `have` of piece A.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_HAVE: u32 = 4;

/// Sends a `request` of piece A, offset B, length C; D tells whether the peer allowed the piece
/// fast. Gives the key of the request. `RESULT_CHOKED`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_REQUEST: u32 = 5;

/// Sends `piece` A, offset B, with a block of length C that the caller sends on; gives the key of
/// the peer's request that it settles, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_PIECE: u32 = 6;

/// Sends `cancel` of A, B, C; gives the key of the request that it takes back, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_CANCEL: u32 = 7;

/// Sends `port` A.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_PORT: u32 = 8;

/// Sends `suggest` A. `RESULT_FAST_DISABLED`, as the four below.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_SUGGEST: u32 = 9;

/// Sends `have all`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_HAVE_ALL: u32 = 10;

/// Sends `have none`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_HAVE_NONE: u32 = 11;

/// Sends `reject` of A, B, C; gives the key of the peer's request that it settles, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_REJECT: u32 = 12;

/// Sends `allowed fast` A.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_ALLOWED_FAST: u32 = 13;

/// Answers the peer's request of key A with a block of length B that the caller sends on.
/// `RESULT_NOT_OPEN`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_ANSWER: u32 = 14;

/// Declines the peer's request of key A.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_DECLINE: u32 = 15;

/// Drops the peer's request of key A without a word.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_FORGET_PEER_REQUEST: u32 = 16;

/// Opens a request of A, B, C that came while we choke; gives its key, or `NONE` if it waits.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_ADMIT: u32 = 17;

/// Refuses a request of A, B, C that came while we choke.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_REFUSE: u32 = 18;

/// Removes our request of key A without a word.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_FORGET_REQUEST: u32 = 19;

/// Removes a request of ours that has timed out; gives its key, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_TAKE_TIMED_OUT: u32 = 20;

/// Sets the timeout of requests to A milliseconds.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_SET_TIMEOUT: u32 = 21;

/// Gives, as a float, when the next timeout is, in milliseconds; infinite if there is none.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_NEXT_TIMEOUT: u32 = 22;

/// Counts A bytes as downloaded and B bytes as uploaded; gives both speeds as floats, in bytes a
/// second.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_SPEEDS: u32 = 23;

/// Sets the bits of `STATE_OVERRIDES` to those of A.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_SET_STATE: u32 = 24;

/// Gives how many segments of output come next; the run has the bytes and the block of each.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_OUTPUT: u32 = 25;

/// Notes that A bytes of output that was taken did not leave yet; gives whether a poll is
/// not paused.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_SET_UNDELIVERED: u32 = 26;

/// Lets go in plaintext what waits for a crypto handshake that was never begun.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_RELEASE_PLAINTEXT: u32 = 27;

/// Closes the wire for the protocol: nothing is applied or sent any more, and what is to be sent may
/// still be taken.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_CLOSE: u32 = 28;

/// Nothing has left for a while though reading is paused: a little more is read.
#[cfg_attr(feature = "node", napi)]
pub const COMMAND_RELIEVE: u32 = 29;

/// Frames a chunk, of which the caller collected A bytes before. Gives how many bytes were framed,
/// how many at the start belong to the payload under collection, where a payload that is to be
/// collected begins, and how long that is (0 if there is none).
/// This and the other `TRANSFER_*` take bytes.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_RECEIVE: u32 = 0;

/// Fills the bytes with the next A segments of the output.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_OUTPUT: u32 = 1;

/// Fills the bytes with the body that the last event announced.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_BODY: u32 = 2;

/// Sends a handshake: 20 bytes of info hash, 20 of peer id; A has the bits of `RESERVED_*`.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_HANDSHAKE: u32 = 3;

/// Sends `choke`; the bytes are the pieces of the allowed-fast set, four bytes each in the order
/// of the machine.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_CHOKE: u32 = 4;

/// Sends `bitfield`.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_BITFIELD: u32 = 5;

/// Sends `piece` A, offset B, with the bytes of its block, where the state has
/// `STATE_TAKES_BLOCKS`; gives the key of the peer's request that it settles, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_PIECE: u32 = 6;

/// Answers the peer's request of key A with the bytes of its block, likewise. `RESULT_NOT_OPEN`.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_ANSWER: u32 = 7;

/// Sends a message of the extension whose id is A.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_EXTENDED: u32 = 8;

/// Takes bytes of the crypto handshake. Gives how many it used, whether work waits for a thread,
/// and how many events wait.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_NEGOTIATE: u32 = 9;

/// Fills the bytes with the source, decrypted.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_DECRYPT: u32 = 10;

/// Begins the crypto handshake for the 20 bytes of an info hash. Gives the same numbers.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_START_ENCRYPTION: u32 = 11;

/// Gives the crypto handshake the 20 bytes of its info hash. Gives the same numbers.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_SET_INFO_HASH: u32 = 12;

/// Sends `hash request` (BEP 52) for the pieces root in the bytes: base layer A, index B, length C,
/// proof layers D.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_HASH_REQUEST: u32 = 13;

/// Sends `hashes` likewise, which are the bytes; the pieces root is the source.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_HASHES: u32 = 14;

/// Sends `hash reject` likewise; the bytes are the pieces root.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_HASH_REJECT: u32 = 15;

/// Fills the bytes with a row of `CENSUS_LENGTH` floats for each wire, as many as there is room for;
/// gives how many. It names no wire.
#[cfg_attr(feature = "node", napi)]
pub const TRANSFER_CENSUS: u32 = 16;

/// There is no such wire, or no more: the same number as `RESULT_GONE`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_GONE: u32 = RESULT_GONE;

/// No event is left of what was framed. Gives whether output waits, whether reading is paused until
/// output drains, and whether requests of the peer wait for that.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_NONE: u32 = 1;

/// The handshake: its 40 bytes of info hash and peer id are the body, whose length is the first
/// number as with all events that have a body; then come the bits of `RESERVED_*`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HANDSHAKE: u32 = 2;

/// A keep-alive.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_KEEP_ALIVE: u32 = 3;

/// `choke`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_CHOKE: u32 = 4;

/// `unchoke`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_UNCHOKE: u32 = 5;

/// `interested`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_INTERESTED: u32 = 6;

/// `not interested`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_NOT_INTERESTED: u32 = 7;

/// Some `have`s: the number of them, and the run.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HAVE: u32 = 8;

/// `bitfield`, the bits are the body.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_BITFIELD: u32 = 9;

/// `request`: piece, offset, length, and its key.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_REQUEST: u32 = 10;

/// `request` while we choke, under the fast extension: piece, offset, length. The caller admits or
/// refuses it.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_REQUEST_WHILE_CHOKING: u32 = 11;

/// `piece`: index, offset, length, the key of our request, or `NONE`, whether another one for the same
/// block is open, and where the block begins in what was framed last (`NONE` if it was collected).
#[cfg_attr(feature = "node", napi)]
pub const EVENT_PIECE: u32 = 12;

/// `cancel`: piece, offset, length, and the key of the request that was still open, or `NONE`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_CANCEL: u32 = 13;

/// `port`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_PORT: u32 = 14;

/// `suggest` of a piece.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_SUGGEST: u32 = 15;

/// `have all`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HAVE_ALL: u32 = 16;

/// `have none`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HAVE_NONE: u32 = 17;

/// `reject`: piece, offset, length, the key of our request, or `NONE`, and whether another one for the
/// same block is open.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_REJECT: u32 = 18;

/// `allowed fast` of a piece.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_ALLOWED_FAST: u32 = 19;

/// A message of an extension: its id, the payload's length, and where it begins as with `piece`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_EXTENDED: u32 = 20;

/// The extended handshake; its bytes are the body.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_EXTENDED_HANDSHAKE: u32 = 21;

/// An unknown message; its bytes are the body.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_UNKNOWN: u32 = 22;

/// The crypto handshake needs an info hash; HASH('req2', SKEY) is the body.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_CRYPTO_INFO_HASH: u32 = 23;

/// The crypto handshake is over: its method, 0 where the peer began in plaintext. The first bytes of
/// the stream are the body.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_CRYPTO_HANDSHAKE: u32 = 24;

/// A violation, the last event of a wire.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_VIOLATION: u32 = 25;

/// `hash request` (BEP 52): the pieces root is the body; then base layer, index, length, proof layers.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HASH_REQUEST: u32 = 26;

/// `hashes`: the same, then how many bytes of hashes there are, and where they begin as with `piece`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HASHES: u32 = 27;

/// `hash reject`: as `hash request`.
#[cfg_attr(feature = "node", napi)]
pub const EVENT_HASH_REJECT: u32 = 28;

/// There is no such wire, or no more. All numbers of the result are as if nothing were there.
#[cfg_attr(feature = "node", napi)]
pub const RESULT_GONE: u32 = 0;

/// The call did what it says.
#[cfg_attr(feature = "node", napi)]
pub const RESULT_DONE: u32 = 1;

/// The peer is choking, and did not allow the piece fast.
#[cfg_attr(feature = "node", napi)]
pub const RESULT_CHOKED: u32 = 2;

/// The fast extension is off.
#[cfg_attr(feature = "node", napi)]
pub const RESULT_FAST_DISABLED: u32 = 3;

/// The request is open no more.
#[cfg_attr(feature = "node", napi)]
pub const RESULT_NOT_OPEN: u32 = 4;

/// A bit of a wire's state: we choke the peer.
#[cfg_attr(feature = "node", napi)]
pub const STATE_AM_CHOKING: u32 = 1;

/// Likewise: we are interested in the peer.
#[cfg_attr(feature = "node", napi)]
pub const STATE_AM_INTERESTED: u32 = 2;

/// Likewise: the peer chokes us.
#[cfg_attr(feature = "node", napi)]
pub const STATE_PEER_CHOKING: u32 = 4;

/// Likewise: the peer is interested in us.
#[cfg_attr(feature = "node", napi)]
pub const STATE_PEER_INTERESTED: u32 = 8;

/// Likewise: the fast extension is on.
#[cfg_attr(feature = "node", napi)]
pub const STATE_FAST: u32 = 16;

/// The bits above, which a caller may set.
#[cfg_attr(feature = "node", napi)]
pub const STATE_OVERRIDES: u32 = 31;

/// Likewise: blocks have to be given as bytes, to be encrypted or held back.
#[cfg_attr(feature = "node", napi)]
pub const STATE_TAKES_BLOCKS: u32 = 32;

/// Likewise: what arrives has to be decrypted.
#[cfg_attr(feature = "node", napi)]
pub const STATE_ENCRYPTED: u32 = 64;

/// Likewise: the crypto handshake goes on.
#[cfg_attr(feature = "node", napi)]
pub const STATE_NEGOTIATING: u32 = 128;

/// A bit of a handshake's: DHT (BEP 5).
#[cfg_attr(feature = "node", napi)]
pub const RESERVED_DHT: u32 = 1;

/// Likewise: the fast extension (BEP 6).
#[cfg_attr(feature = "node", napi)]
pub const RESERVED_FAST: u32 = 2;

/// Likewise: the extension protocol (BEP 10).
#[cfg_attr(feature = "node", napi)]
pub const RESERVED_EXTENDED: u32 = 4;

/// Likewise: BitTorrent v2 (BEP 52).
#[cfg_attr(feature = "node", napi)]
pub const RESERVED_V2: u32 = 8;

/// In the bits that open a wire: the crypto handshake comes first.
#[cfg_attr(feature = "node", napi)]
pub const OPEN_ENCRYPT: u32 = 1;

/// Likewise: we open the connection.
#[cfg_attr(feature = "node", napi)]
pub const OPEN_INITIATOR: u32 = 2;

/// Likewise: plaintext is not offered and not selected.
#[cfg_attr(feature = "node", napi)]
pub const OPEN_RC4_ONLY: u32 = 4;

/// Likewise: a plaintext handshake is a violation.
#[cfg_attr(feature = "node", napi)]
pub const OPEN_REQUIRE: u32 = 8;

/// Likewise: our handshake may travel in step 3.
#[cfg_attr(feature = "node", napi)]
pub const OPEN_INITIAL_PAYLOAD: u32 = 16;
