//! What is bencode, and what is refused.

use bittorrent_protocol_native::wire::bencode::{Error, Limits, Value, decode, decode_prefix};

use crate::read;

#[test]
fn reads_every_kind() {
    assert_eq!(read(b"i42e"), Ok(Value::Integer(42)));
    assert_eq!(read(b"i-3e"), Ok(Value::Integer(-3)));
    assert_eq!(read(b"i0e"), Ok(Value::Integer(0)));
    assert_eq!(read(b"0:"), Ok(Value::Bytes(b""[..].into())));
    assert_eq!(read(b"4:\0\xffab"), Ok(Value::Bytes(b"\0\xffab"[..].into())));
    assert_eq!(read(b"le"), Ok(Value::List(vec![])));
    assert_eq!(read(b"de"), Ok(Value::Dictionary(vec![])));
    assert_eq!(
        read(b"l4:spami1ee"),
        Ok(Value::List(vec![Value::Bytes(b"spam"[..].into()), Value::Integer(1)]))
    );
}

#[test]
fn reads_an_extended_handshake() {
    let message = b"d1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei31235e1:v5:rTorre";
    let handshake = read(message).unwrap();
    let mapping = handshake.get("m").unwrap();
    assert_eq!(mapping.get("ut_pex").and_then(Value::as_integer), Some(1));
    assert_eq!(mapping.as_dictionary().map(<[_]>::len), Some(2));
    assert_eq!(handshake.get("metadata_size").and_then(Value::as_integer), Some(31235));
    assert_eq!(handshake.get("v").and_then(Value::as_bytes), Some(&b"rTorr"[..]));
    assert_eq!(handshake.get("p"), None);
    assert_eq!(handshake.clone().into_owned(), handshake);
}

#[test]
fn accessors_answer_only_for_their_kind() {
    let values = [read(b"i1e"), read(b"1:a"), read(b"le"), read(b"de")].map(Result::unwrap);
    let answers = values.each_ref().map(|value| {
        [
            value.as_integer().is_some(),
            value.as_bytes().is_some(),
            value.as_list().is_some(),
            value.as_dictionary().is_some(),
        ]
    });
    for (row, answer) in answers.iter().enumerate() {
        for (column, is_some) in answer.iter().enumerate() {
            assert_eq!(*is_some, row == column);
        }
    }
    assert_eq!(values[0].get("a"), None);
}

#[test]
fn keys_come_in_any_order_and_the_last_of_equal_ones_wins() {
    let value = read(b"d1:bi1e1:ai2e1:bi3ee").unwrap();
    assert_eq!(value.get("b").and_then(Value::as_integer), Some(3));
    assert_eq!(value.get("a").and_then(Value::as_integer), Some(2));
}

#[test]
fn says_how_much_it_read_and_ignores_the_rest() {
    // A `data` message of ut_metadata (BEP 9): a dictionary, then the metadata itself.
    let message = b"d8:msg_typei1e5:piecei0e10:total_sizei3eexxx";
    let (value, consumed) = decode_prefix(message, Limits::MESSAGE).unwrap();
    assert_eq!(value.get("total_size").and_then(Value::as_integer), Some(3));
    assert_eq!(&message[consumed..], b"xxx");
    assert_eq!(read(message), Ok(value));
}

#[test]
fn d1_lengths_are_digits_only() {
    // `d-3:` makes bencode 4.0.1 loop for ever, and `l-3:` makes it run out of memory.
    for (input, offset) in [(&b"d-3:"[..], 1), (b"d-3:aa", 1), (b"d+3:abci1ee", 1), (b"d:i1ee", 1)]
    {
        assert_eq!(read(input), Err(Error::InvalidKey { offset }), "{input:?}");
    }
    assert_eq!(read(b"l-3:"), Err(Error::UnexpectedByte { offset: 1, byte: b'-' }));
    assert_eq!(read(b"-3:abc"), Err(Error::UnexpectedByte { offset: 0, byte: b'-' }));
    assert_eq!(read(b":"), Err(Error::UnexpectedByte { offset: 0, byte: b':' }));
    for input in [&b"03:abc"[..], b"00:", b"1-:a", b"1.0:a", b"1e:a", b"1 :a"] {
        assert_eq!(read(input), Err(Error::InvalidLength { offset: 0 }), "{input:?}");
    }
}

#[test]
fn lengths_stay_inside_the_input() {
    for input in [
        &b"1:"[..],
        b"5:spam",
        b"4294967296:a",
        b"9223372036854775807:a",
        b"18446744073709551615:a",
        b"18446744073709551616:a",
        b"99999999999999999999999999999999:a",
    ] {
        assert_eq!(read(input), Err(Error::LengthPastEnd { offset: 0 }), "{input:?}");
    }
}

#[test]
fn d2_an_id_that_is_no_integer_reads_as_what_it_is() {
    let handshake = read(b"d1:md1:ad8:toStringi1eeee").unwrap();
    let id = handshake.get("m").and_then(|mapping| mapping.get("a")).unwrap();
    assert_eq!(id.as_integer(), None);
    assert!(id.as_dictionary().is_some());
}

#[test]
fn integers_are_canonical_and_fit_64_bits() {
    for input in [
        &b"ie"[..],
        b"i-e",
        b"i-0e",
        b"i01e",
        b"i00e",
        b"i-01e",
        b"i+1e",
        b"i1.5e",
        b"i 1e",
        b"i--1e",
        b"i1-e",
    ] {
        assert_eq!(read(input), Err(Error::InvalidInteger { offset: 0 }), "{input:?}");
    }
    assert_eq!(read(b"i9223372036854775807e"), Ok(Value::Integer(i64::MAX)));
    assert_eq!(read(b"i-9223372036854775808e"), Ok(Value::Integer(i64::MIN)));
    for input in [
        &b"i9223372036854775808e"[..],
        b"i-9223372036854775809e",
        b"i18446744073709551616e",
        b"i-99999999999999999999999e",
    ] {
        assert_eq!(read(input), Err(Error::IntegerOverflow { offset: 0 }), "{input:?}");
    }
}

#[test]
fn keys_are_strings_with_values() {
    assert_eq!(read(b"di1ei2ee"), Err(Error::InvalidKey { offset: 1 }));
    assert_eq!(read(b"dlei2ee"), Err(Error::InvalidKey { offset: 1 }));
    assert_eq!(read(b"d1:ae"), Err(Error::UnexpectedByte { offset: 4, byte: b'e' }));
}

#[test]
fn other_bytes_start_no_value() {
    for byte in 0..=u8::MAX {
        if !b"ild0123456789".contains(&byte) {
            assert_eq!(read(&[byte]), Err(Error::UnexpectedByte { offset: 0, byte }));
        }
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |open: &[u8], depth: usize| {
        let mut bytes = open.repeat(depth);
        bytes.resize(bytes.len() + depth, b'e');
        bytes
    };
    assert!(read(&nested(b"l", 32)).is_ok());
    assert_eq!(read(&nested(b"l", 33)), Err(Error::TooDeep { limit: 32 }));
    assert_eq!(read(&b"l".repeat(1 << 20)), Err(Error::TooDeep { limit: 32 }));
    assert_eq!(read(&b"d1:a".repeat(1 << 18)), Err(Error::TooDeep { limit: 32 }));

    let boundless = Limits { max_depth: usize::MAX, max_items: usize::MAX };
    let limit = Limits::DEEPEST;
    assert!(decode(&nested(b"l", limit), boundless).is_ok());
    assert_eq!(decode(&nested(b"l", limit + 1), boundless), Err(Error::TooDeep { limit }));

    let flat = Limits { max_depth: 0, ..Limits::MESSAGE };
    assert_eq!(decode(b"i1e", flat), Ok(Value::Integer(1)));
    assert_eq!(decode(b"le", flat), Err(Error::TooDeep { limit: 0 }));
}

#[test]
fn values_are_counted_over_the_whole_input() {
    let limits = Limits { max_items: 4, ..Limits::MESSAGE };
    // The list, the dictionary in it, and two values: four.
    assert!(decode(b"ld1:a0:1:b0:ee", limits).is_ok());
    assert_eq!(decode(b"ld1:a0:1:b0:ei1ee", limits), Err(Error::TooManyItems { limit: 4 }));

    let none = Limits { max_items: 0, ..Limits::MESSAGE };
    assert_eq!(decode(b"i1e", none), Err(Error::TooManyItems { limit: 0 }));

    let mut flood = vec![b'l'];
    flood.extend(b"0:".repeat(1 << 19));
    assert_eq!(read(&flood), Err(Error::TooManyItems { limit: 4096 }));
}
