//! The numbers by which the two sides name commands, events and states.

#[cfg(feature = "node")]
use napi_derive::napi;

/// Constants for both sides: here, and by way of the addon in JavaScript. What each means is a string,
/// since a comment would come out of napi's hands with its quotation marks.
macro_rules! shared {
    ($($($doc:literal)+ $name:ident = $value:expr;)*) => {
        $(
            $(#[doc = $doc])+
            #[cfg_attr(feature = "node", napi)]
            pub const $name: u32 = $value;
        )*
    };
}
pub(super) use shared;

shared! {
    "Sends a keep-alive. This and the other `COMMAND_*` take no bytes. A result is"
    "`RESULT_DONE` or `RESULT_GONE` where nothing else is said; arguments are A, B, C, D."
    COMMAND_KEEP_ALIVE = 0;
    "Sends `unchoke`."
    COMMAND_UNCHOKE = 1;
    "Sends `interested`."
    COMMAND_INTERESTED = 2;
    "Sends `not interested`."
    COMMAND_NOT_INTERESTED = 3;
    "Sends `have` of piece A."
    COMMAND_HAVE = 4;
    "Sends a `request` of piece A, offset B, length C; D tells whether the peer allowed the piece"
    "fast. Gives the key of the request. `RESULT_CHOKED`."
    COMMAND_REQUEST = 5;
    "Sends `piece` A, offset B, with a block of length C that the caller sends on; gives the key of"
    "the peer's request that it settles, or `NONE`."
    COMMAND_PIECE = 6;
    "Sends `cancel` of A, B, C; gives the key of the request that it takes back, or `NONE`."
    COMMAND_CANCEL = 7;
    "Sends `port` A."
    COMMAND_PORT = 8;
    "Sends `suggest` A. `RESULT_FAST_DISABLED`, as the four below."
    COMMAND_SUGGEST = 9;
    "Sends `have all`."
    COMMAND_HAVE_ALL = 10;
    "Sends `have none`."
    COMMAND_HAVE_NONE = 11;
    "Sends `reject` of A, B, C; gives the key of the peer's request that it settles, or `NONE`."
    COMMAND_REJECT = 12;
    "Sends `allowed fast` A."
    COMMAND_ALLOWED_FAST = 13;
    "Answers the peer's request of key A with a block of length B that the caller sends on."
    "`RESULT_NOT_OPEN`."
    COMMAND_ANSWER = 14;
    "Declines the peer's request of key A."
    COMMAND_DECLINE = 15;
    "Drops the peer's request of key A without a word."
    COMMAND_FORGET_PEER_REQUEST = 16;
    "Opens a request of A, B, C that came while we choke; gives its key, or `NONE` if it waits."
    COMMAND_ADMIT = 17;
    "Refuses a request of A, B, C that came while we choke."
    COMMAND_REFUSE = 18;
    "Removes our request of key A without a word."
    COMMAND_FORGET_REQUEST = 19;
    "Removes a request of ours that has timed out; gives its key, or `NONE`."
    COMMAND_TAKE_TIMED_OUT = 20;
    "Sets the timeout of requests to A milliseconds."
    COMMAND_SET_TIMEOUT = 21;
    "Gives, as a float, when the next timeout is, in milliseconds; infinite if there is none."
    COMMAND_NEXT_TIMEOUT = 22;
    "Counts A bytes as downloaded and B bytes as uploaded; gives both speeds as floats, in bytes a"
    "second."
    COMMAND_SPEEDS = 23;
    "Sets the bits of `STATE_OVERRIDES` to those of A."
    COMMAND_SET_STATE = 24;
    "Gives how many segments of output come next; the run has the bytes and the block of each."
    COMMAND_OUTPUT = 25;
    "Notes that A bytes of output that was taken did not leave yet; gives whether a poll is"
    "not paused."
    COMMAND_SET_UNDELIVERED = 26;
    "Lets go in plaintext what waits for a crypto handshake that was never begun."
    COMMAND_RELEASE_PLAINTEXT = 27;
    "Closes the wire for the protocol: nothing is applied or sent any more, and what is to be sent may"
    "still be taken."
    COMMAND_CLOSE = 28;
    "Nothing has left for a while though reading is paused: a little more is read."
    COMMAND_RELIEVE = 29;
    "Begins anew in plaintext, for another connection: where the peer took no part in the crypto"
    "handshake. `RESULT_NOT_OPEN` where that may not be."
    COMMAND_FALL_BACK = 30;
    "Has what is said before our handshake wait for it."
    COMMAND_HOLD_UNTIL_HANDSHAKE = 31;
}

shared! {
    "Frames a chunk, of which the caller collected A bytes before. Gives how many bytes were framed,"
    "how many at the start belong to the payload under collection, where a payload that is to be"
    "collected begins, and how long that is (0 if there is none)."
    "This and the other `TRANSFER_*` take bytes."
    TRANSFER_RECEIVE = 0;
    "Fills the bytes with the next A segments of the output, of a wire that is not encrypted."
    TRANSFER_OUTPUT = 1;
    "Fills the bytes with the body that the last event announced."
    TRANSFER_BODY = 2;
    "Sends a handshake: 20 bytes of info hash, 20 of peer id; A has the bits of `RESERVED_*`."
    TRANSFER_HANDSHAKE = 3;
    "Sends `choke`; the bytes are the pieces of the allowed-fast set, four bytes each in the order"
    "of the machine."
    TRANSFER_CHOKE = 4;
    "Sends `bitfield`."
    TRANSFER_BITFIELD = 5;
    "Sends `piece` A, offset B, with the bytes of its block, where the state has"
    "`STATE_TAKES_BLOCKS`; gives the key of the peer's request that it settles, or `NONE`."
    TRANSFER_PIECE = 6;
    "Answers the peer's request of key A with the bytes of its block, likewise. `RESULT_NOT_OPEN`."
    TRANSFER_ANSWER = 7;
    "Sends a message of the extension whose id is A."
    TRANSFER_EXTENDED = 8;
    "Takes bytes of the crypto handshake. Gives how many it used, whether work waits for a thread,"
    "and how many events wait."
    TRANSFER_NEGOTIATE = 9;
    "Fills the bytes with the source, decrypted."
    TRANSFER_DECRYPT = 10;
    "Begins the crypto handshake for the 20 bytes of an info hash. Gives the same numbers."
    TRANSFER_START_ENCRYPTION = 11;
    "Gives the crypto handshake the 20 bytes of its info hash. Gives the same numbers."
    TRANSFER_SET_INFO_HASH = 12;
    "Sends `hash request` (BEP 52) for the pieces root in the bytes: base layer A, index B, length C,"
    "proof layers D."
    TRANSFER_HASH_REQUEST = 13;
    "Sends `hashes` likewise, which are the bytes; the pieces root is the source."
    TRANSFER_HASHES = 14;
    "Sends `hash reject` likewise; the bytes are the pieces root."
    TRANSFER_HASH_REJECT = 15;
    "Fills the bytes with a row of `CENSUS_LENGTH` floats for each wire, as many as there is room for;"
    "gives how many. It names no wire."
    TRANSFER_CENSUS = 16;
    "Of a wire that is encrypted, writes the next segment of the output and its block, which is the"
    "source, encrypted to the bytes from A on. Gives where that ends."
    TRANSFER_ENCRYPTED_OUTPUT = 17;
}

shared! {
    "There is no such wire, or no more: the same number as `RESULT_GONE`."
    EVENT_GONE = RESULT_GONE;
    "No event is left of what was framed. Gives whether output waits, whether reading is paused until"
    "output drains, and whether requests of the peer wait for that."
    EVENT_NONE = 1;
    "The handshake: its 40 bytes of info hash and peer id are the body, whose length is the first"
    "number as with all events that have a body; then come the bits of `RESERVED_*`."
    EVENT_HANDSHAKE = 2;
    "A keep-alive."
    EVENT_KEEP_ALIVE = 3;
    "`choke`."
    EVENT_CHOKE = 4;
    "`unchoke`."
    EVENT_UNCHOKE = 5;
    "`interested`."
    EVENT_INTERESTED = 6;
    "`not interested`."
    EVENT_NOT_INTERESTED = 7;
    "Some `have`s: the number of them, and the run."
    EVENT_HAVE = 8;
    "`bitfield`, the bits are the body."
    EVENT_BITFIELD = 9;
    "`request`: piece, offset, length, and its key."
    EVENT_REQUEST = 10;
    "`request` while we choke, under the fast extension: piece, offset, length. The caller admits or"
    "refuses it."
    EVENT_REQUEST_WHILE_CHOKING = 11;
    "`piece`: index, offset, length, the key of our request, or `NONE`, whether another one for the same"
    "block is open, and where the block begins in what was framed last (`NONE` if it was collected)."
    EVENT_PIECE = 12;
    "`cancel`: piece, offset, length, and the key of the request that was still open, or `NONE`."
    EVENT_CANCEL = 13;
    "`port`."
    EVENT_PORT = 14;
    "`suggest` of a piece."
    EVENT_SUGGEST = 15;
    "`have all`."
    EVENT_HAVE_ALL = 16;
    "`have none`."
    EVENT_HAVE_NONE = 17;
    "`reject`: piece, offset, length, the key of our request, or `NONE`, and whether another one for the"
    "same block is open."
    EVENT_REJECT = 18;
    "`allowed fast` of a piece."
    EVENT_ALLOWED_FAST = 19;
    "A message of an extension: its id, the payload's length, and where it begins as with `piece`."
    EVENT_EXTENDED = 20;
    "The extended handshake; its bytes are the body."
    EVENT_EXTENDED_HANDSHAKE = 21;
    "An unknown message; its bytes are the body."
    EVENT_UNKNOWN = 22;
    "The crypto handshake needs an info hash; HASH('req2', SKEY) is the body."
    EVENT_CRYPTO_INFO_HASH = 23;
    "The crypto handshake is over: its method, 0 where the peer began in plaintext. The first bytes of"
    "the stream are the body."
    EVENT_CRYPTO_HANDSHAKE = 24;
    "A violation, the last event of a wire."
    EVENT_VIOLATION = 25;
    "`hash request` (BEP 52): the pieces root is the body; then base layer, index, length, proof layers."
    EVENT_HASH_REQUEST = 26;
    "`hashes`: the same, then how many bytes of hashes there are, and where they begin as with `piece`."
    EVENT_HASHES = 27;
    "`hash reject`: as `hash request`."
    EVENT_HASH_REJECT = 28;
}

shared! {
    "There is no such wire, or no more. All numbers of the result are as if nothing were there."
    RESULT_GONE = 0;
    "The call did what it says."
    RESULT_DONE = 1;
    "The peer is choking, and did not allow the piece fast."
    RESULT_CHOKED = 2;
    "The fast extension is off."
    RESULT_FAST_DISABLED = 3;
    "The request is open no more."
    RESULT_NOT_OPEN = 4;
}

shared! {
    "A bit of a wire's state: we choke the peer."
    STATE_AM_CHOKING = 1;
    "Likewise: we are interested in the peer."
    STATE_AM_INTERESTED = 2;
    "Likewise: the peer chokes us."
    STATE_PEER_CHOKING = 4;
    "Likewise: the peer is interested in us."
    STATE_PEER_INTERESTED = 8;
    "Likewise: the fast extension is on."
    STATE_FAST = 16;
    "The bits above, which a caller may set."
    STATE_OVERRIDES = 31;
    "Likewise: blocks have to be given as bytes, to be held back."
    STATE_TAKES_BLOCKS = 32;
    "Likewise: what arrives has to be decrypted, and output encrypted."
    STATE_ENCRYPTED = 64;
    "Likewise: the crypto handshake goes on."
    STATE_NEGOTIATING = 128;
}

shared! {
    "A bit of a handshake's: DHT (BEP 5)."
    RESERVED_DHT = 1;
    "Likewise: the fast extension (BEP 6)."
    RESERVED_FAST = 2;
    "Likewise: the extension protocol (BEP 10)."
    RESERVED_EXTENDED = 4;
    "Likewise: BitTorrent v2 (BEP 52)."
    RESERVED_V2 = 8;
}

shared! {
    "In the bits that open a wire: the crypto handshake comes first."
    OPEN_ENCRYPT = 1;
    "Likewise: we open the connection."
    OPEN_INITIATOR = 2;
    "Likewise: plaintext is not offered and not selected."
    OPEN_RC4_ONLY = 4;
    "Likewise: a plaintext handshake is a violation."
    OPEN_REQUIRE = 8;
    "Likewise: our handshake may travel in step 3."
    OPEN_INITIAL_PAYLOAD = 16;
}
