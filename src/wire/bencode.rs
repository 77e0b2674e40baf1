//! Bencode (BEP 3), for what a peer sends: strict and bounded.
//!
//! ```text
//! integer     i<digits>e            i42e, i-3e
//! byte string <length>:<bytes>      4:spam
//! list        l<values>e            l4:spami42ee
//! dictionary  d<string value ...>e  d3:bari1ee
//! ```
//!
//! # Drive contract
//! [`decode`] reads the one value at the start of its input and ignores what follows it, as an
//! extended handshake (BEP 10) is read. [`decode_prefix`] also says how long that value was, for
//! messages that carry raw bytes after it (`ut_metadata`, BEP 9). A decoded [`Value`] borrows
//! every byte string from the input; only lists and dictionaries allocate. Who keeps it longer than
//! the input takes [`Value::into_owned`].
//!
//! # What is refused
//! - A string length that is anything but decimal digits (`-3:`, `+3:`), that has a leading zero,
//!   or that reaches past the end of the input. The check comes before anything is allocated.
//! - An integer with a sign other than `-`, with a leading zero, `-0`, no digits, a fraction, or
//!   outside of `i64`.
//! - A dictionary key that is not a byte string, and a key without a value.
//! - More nesting or more values than [`Limits`] allows: a megabyte of `l` costs neither the
//!   stack nor memory.
//!
//! # What is relaxed
//! BEP 3 wants the keys of a dictionary sorted and distinct. Peers in the wild send them
//! otherwise, and `bencode` of npm takes them: keys are accepted in any order, and of equal keys
//! the last one wins ([`Value::get`]).
//!
//! No input makes this module panic, and its work is linear in the input.

use std::borrow::Cow;

/// Why some bytes are not a bencoded value. Offsets count bytes from the start of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input ends before the value does.
    #[error("the input ends inside a value")]
    UnexpectedEnd,
    /// No value starts with this byte.
    #[error("no value starts with byte {byte:#04x}, at offset {offset}")]
    UnexpectedByte {
        /// Where it stands.
        offset: usize,
        /// What it is.
        byte: u8,
    },
    /// A dictionary's key is something else than a byte string.
    #[error("a dictionary's key is not a byte string, at offset {offset}")]
    InvalidKey {
        /// Where the key starts.
        offset: usize,
    },
    /// The length of a byte string is not a plain decimal number.
    #[error("malformed string length at offset {offset}")]
    InvalidLength {
        /// Where the length starts.
        offset: usize,
    },
    /// A byte string is said to reach past the end of the input.
    #[error("a string reaches past the end of the input, at offset {offset}")]
    LengthPastEnd {
        /// Where the length starts.
        offset: usize,
    },
    /// An integer is not `-` and digits without a leading zero, or is `-0`.
    #[error("malformed integer at offset {offset}")]
    InvalidInteger {
        /// Where its `i` stands.
        offset: usize,
    },
    /// An integer is outside of `i64`.
    #[error("an integer exceeds 64 bits, at offset {offset}")]
    IntegerOverflow {
        /// Where its `i` stands.
        offset: usize,
    },
    /// Lists and dictionaries are nested deeper than [`Limits::max_depth`].
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// How many levels were allowed.
        limit: usize,
    },
    /// The input holds more values than [`Limits::max_items`].
    #[error("more than {limit} values")]
    TooManyItems {
        /// How many values were allowed.
        limit: usize,
    },
}

/// What a whole input may hold, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of lists and dictionaries inside each other; 1 allows a flat dictionary. More than
    /// [`Limits::DEEPEST`] counts as that, so that no setting can exhaust the stack.
    pub max_depth: usize,
    /// Values of all kinds in the whole input. A dictionary's key counts with its value, as one.
    pub max_items: usize,
}

impl Limits {
    /// The deepest nesting that can be allowed.
    pub const DEEPEST: usize = 128;

    /// For a message of a peer: 32 levels, 4096 values (less than a megabyte of memory beside
    /// the message itself).
    pub const MESSAGE: Self = Self { max_depth: 32, max_items: 4096 };

    /// For a torrent file, whose list of files may be long: 32 levels, 2²⁰ values.
    pub const TORRENT: Self = Self { max_depth: 32, max_items: 1 << 20 };
}

impl Default for Limits {
    /// [`Limits::MESSAGE`].
    fn default() -> Self {
        Self::MESSAGE
    }
}

/// A bencoded value, whose byte strings are borrowed from what was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A signed number.
    Integer(i64),
    /// A byte string, which need not be text.
    Bytes(Cow<'a, [u8]>),
    /// Values in order.
    List(Vec<Value<'a>>),
    /// Keys with their values, as they came: in any order, and perhaps with equal keys.
    Dictionary(Vec<Entry<'a>>),
}

/// A key of a dictionary, and its value.
pub type Entry<'a> = (Cow<'a, [u8]>, Value<'a>);

impl<'a> Value<'a> {
    /// The same with byte strings of its own.
    pub fn into_owned(self) -> Value<'static> {
        let own = |bytes: Cow<'a, [u8]>| Cow::Owned(bytes.into_owned());
        match self {
            Self::Integer(number) => Value::Integer(number),
            Self::Bytes(bytes) => Value::Bytes(own(bytes)),
            Self::List(values) => Value::List(values.into_iter().map(Self::into_owned).collect()),
            Self::Dictionary(entries) => Value::Dictionary(
                entries.into_iter().map(|(key, value)| (own(key), value.into_owned())).collect(),
            ),
        }
    }

    /// The value of `key` if this is a dictionary that has it; of equal keys, the last one.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Self> {
        let key = key.as_ref();
        let entries = self.as_dictionary()?;
        entries.iter().rev().find(|(name, _)| **name == *key).map(|(_, value)| value)
    }

    /// The number, if this is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The bytes, if this is a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The values, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The entries as they came, if this is a dictionary.
    pub fn as_dictionary(&self) -> Option<&[Entry<'a>]> {
        match self {
            Self::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }
}

/// Reads the value at the start of `bytes`; what follows it is ignored.
///
/// # Errors
/// Any [`Error`]: the value is incomplete, malformed or beyond `limits`. Empty input is
/// [`Error::UnexpectedEnd`].
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Value<'_>, Error> {
    decode_prefix(bytes, limits).map(|(value, _)| value)
}

/// Reads the value at the start of `bytes` and says how many bytes it took; the rest,
/// `&bytes[consumed..]`, is the caller's.
///
/// # Errors
/// As [`decode`].
pub fn decode_prefix(bytes: &[u8], limits: Limits) -> Result<(Value<'_>, usize), Error> {
    let mut decoder = Decoder::new(bytes, limits);
    let value = decoder.value()?;
    Ok((value, decoder.offset))
}

/// Reads an input from front to back.
struct Decoder<'a> {
    input: &'a [u8],
    /// Of the next unread byte; never past the input's end.
    offset: usize,
    limits: Limits,
    /// Lists and dictionaries that are open.
    depth: usize,
    /// Values read or being read.
    items: usize,
}

impl<'a> Decoder<'a> {
    fn new(input: &'a [u8], limits: Limits) -> Self {
        let max_depth = limits.max_depth.min(Limits::DEEPEST);
        Self { input, offset: 0, limits: Limits { max_depth, ..limits }, depth: 0, items: 0 }
    }

    fn value(&mut self) -> Result<Value<'a>, Error> {
        if self.items >= self.limits.max_items {
            return Err(Error::TooManyItems { limit: self.limits.max_items });
        }
        self.items += 1;
        match self.peek()? {
            b'i' => self.integer().map(Value::Integer),
            b'l' => self.list(),
            b'd' => self.dictionary(),
            b'0'..=b'9' => self.bytes().map(|bytes| Value::Bytes(bytes.into())),
            byte => Err(Error::UnexpectedByte { offset: self.offset, byte }),
        }
    }

    fn list(&mut self) -> Result<Value<'a>, Error> {
        let mut values = Vec::new();
        self.open()?;
        while !self.close()? {
            values.push(self.value()?);
        }
        Ok(Value::List(values))
    }

    fn dictionary(&mut self) -> Result<Value<'a>, Error> {
        let mut entries = Vec::new();
        self.open()?;
        while !self.close()? {
            if !self.peek()?.is_ascii_digit() {
                return Err(Error::InvalidKey { offset: self.offset });
            }
            let key = self.bytes()?;
            entries.push((key.into(), self.value()?));
        }
        Ok(Value::Dictionary(entries))
    }

    /// Steps over the first byte of a list or dictionary.
    fn open(&mut self) -> Result<(), Error> {
        if self.depth >= self.limits.max_depth {
            return Err(Error::TooDeep { limit: self.limits.max_depth });
        }
        self.depth += 1;
        self.offset += 1;
        Ok(())
    }

    /// Steps over the end of a list or dictionary, if it is there.
    fn close(&mut self) -> Result<bool, Error> {
        if self.peek()? != b'e' {
            return Ok(false);
        }
        self.depth -= 1;
        self.offset += 1;
        Ok(true)
    }

    fn integer(&mut self) -> Result<i64, Error> {
        let start = self.offset;
        let invalid = Error::InvalidInteger { offset: start };
        let overflow = Error::IntegerOverflow { offset: start };
        self.offset += 1;
        let negative = self.peek()? == b'-';
        if negative {
            self.offset += 1;
        }
        let magnitude = self.digits(invalid, overflow)?;
        if self.peek()? != b'e' || (negative && magnitude == 0) {
            return Err(invalid);
        }
        self.offset += 1;
        let number = if negative {
            0i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        };
        number.ok_or(overflow)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let start = self.offset;
        let past_end = Error::LengthPastEnd { offset: start };
        let length = self.digits(Error::InvalidLength { offset: start }, past_end)?;
        if self.peek()? != b':' {
            return Err(Error::InvalidLength { offset: start });
        }
        self.offset += 1;
        let bytes = usize::try_from(length)
            .ok()
            .and_then(|length| self.input.get(self.offset..)?.get(..length))
            .ok_or(past_end)?;
        self.offset += bytes.len();
        Ok(bytes)
    }

    /// Reads decimal digits: at least one, no leading zero (else `invalid`), within `u64` (else
    /// `overflow`).
    fn digits(&mut self, invalid: Error, overflow: Error) -> Result<u64, Error> {
        let start = self.offset;
        let mut number: u64 = 0;
        loop {
            let byte = self.peek()?;
            if !byte.is_ascii_digit() {
                break;
            }
            if number == 0 && self.offset > start {
                return Err(invalid);
            }
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(u64::from(byte - b'0')))
                .ok_or(overflow)?;
            self.offset += 1;
        }
        if self.offset == start { Err(invalid) } else { Ok(number) }
    }

    fn peek(&self) -> Result<u8, Error> {
        self.input.get(self.offset).copied().ok_or(Error::UnexpectedEnd)
    }
}
