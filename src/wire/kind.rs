//! The kinds of messages of BEP 3, 5, 6, 10 and 52: their ids, and how long they may be.

use super::error::Violation;

/// What follows the numbers of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing: the length is exact.
    Nothing,
    /// Bytes, perhaps none.
    Bytes,
}

/// The kinds of messages that have an id: the id, how many bytes of numbers follow it, and what
/// follows these.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $id:literal, $numbers:literal, $rest:ident;)*) => {
        /// A kind of message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind {
            /// BEP 3: the handshake, which has no id.
            Handshake,
            /// BEP 3: the keep-alive, which has no id.
            KeepAlive,
            $($(#[$doc])* $kind,)*
            /// A message with an id that no BEP known here describes.
            Unknown,
        }

        impl Kind {
            /// Every kind, in order: each stands at its own number, `kind as usize`.
            pub const ALL: [Self; Self::COUNT] =
                [Self::Handshake, Self::KeepAlive, $(Self::$kind,)* Self::Unknown];
            /// How many kinds there are.
            pub const COUNT: usize = Self::Unknown as usize + 1;

            /// The kind of the messages with this id.
            #[inline]
            pub const fn of(id: u8) -> Self {
                match id {
                    $($id => Self::$kind,)*
                    _ => Self::Unknown,
                }
            }

            /// The id on the wire, as the BEPs give it.
            pub const fn id(self) -> Option<u8> {
                match self {
                    $(Self::$kind => Some($id),)*
                    Self::Handshake | Self::KeepAlive | Self::Unknown => None,
                }
            }

            const fn layout(self) -> (u32, Rest) {
                match self {
                    $(Self::$kind => ($numbers, Rest::$rest),)*
                    Self::Unknown => (0, Rest::Bytes),
                    Self::Handshake | Self::KeepAlive => (0, Rest::Nothing),
                }
            }
        }
    };
}

kinds! {
    /// BEP 3.
    Choke = 0x00, 0, Nothing;
    /// BEP 3.
    Unchoke = 0x01, 0, Nothing;
    /// BEP 3.
    Interested = 0x02, 0, Nothing;
    /// BEP 3.
    NotInterested = 0x03, 0, Nothing;
    /// BEP 3.
    Have = 0x04, 4, Nothing;
    /// BEP 3.
    Bitfield = 0x05, 0, Bytes;
    /// BEP 3.
    Request = 0x06, 12, Nothing;
    /// BEP 3.
    Piece = 0x07, 8, Bytes;
    /// BEP 3.
    Cancel = 0x08, 12, Nothing;
    /// BEP 5.
    Port = 0x09, 2, Nothing;
    /// BEP 6.
    Suggest = 0x0D, 4, Nothing;
    /// BEP 6.
    HaveAll = 0x0E, 0, Nothing;
    /// BEP 6.
    HaveNone = 0x0F, 0, Nothing;
    /// BEP 6.
    Reject = 0x10, 12, Nothing;
    /// BEP 6.
    AllowedFast = 0x11, 4, Nothing;
    /// BEP 10: the extended handshake, and messages of extensions.
    Extended = 0x14, 1, Bytes;
    /// BEP 52.
    HashRequest = 0x15, 48, Nothing;
    /// BEP 52.
    Hashes = 0x16, 48, Bytes;
    /// BEP 52.
    HashReject = 0x17, 48, Nothing;
}

impl Kind {
    /// The kind of the messages with this id where BEP 52 is spoken, or is not: then its ids mean
    /// nothing.
    pub(crate) fn from_peer(id: u8, speaks_v2: bool) -> Self {
        match Self::of(id) {
            Self::HashRequest | Self::Hashes | Self::HashReject if !speaks_v2 => Self::Unknown,
            kind => kind,
        }
    }

    /// How many bytes after the length prefix hold the id and numbers.
    pub(crate) fn header_length(self) -> u32 {
        1 + self.layout().0
    }

    /// Holds the length prefix of a message against what its id allows.
    pub(crate) fn check(self, id: u8, length: u32) -> Result<(), Violation> {
        let header = self.header_length();
        let fits = match self.layout().1 {
            Rest::Nothing => length == header,
            Rest::Bytes => length >= header,
        };
        if fits { Ok(()) } else { Err(Violation::BadLength { id, length }) }
    }
}
