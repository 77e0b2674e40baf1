//! Bencode: what is read, what is refused, and that what was written reads as what it was.

mod encode;
mod reading;

use std::collections::BTreeMap;

use bittorrent_protocol_native::wire::bencode::{Error, Limits, Value, decode, decode_prefix};
use encode::encode;
use proptest::prelude::*;

fn read(input: &[u8]) -> Result<Value<'_>, Error> {
    decode(input, Limits::MESSAGE)
}

/// A value that owns its bytes, and whose keys are sorted and distinct.
#[derive(Debug, Clone)]
enum Tree {
    Integer(i64),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    Dictionary(BTreeMap<Vec<u8>, Tree>),
}

impl Tree {
    fn as_value(&self) -> Value<'_> {
        match self {
            Self::Integer(number) => Value::Integer(*number),
            Self::Bytes(bytes) => Value::Bytes(bytes.into()),
            Self::List(trees) => Value::List(trees.iter().map(Self::as_value).collect()),
            Self::Dictionary(entries) => Value::Dictionary(
                entries.iter().map(|(key, tree)| (key.into(), tree.as_value())).collect(),
            ),
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let leaf = prop_oneof![
        any::<i64>().prop_map(Tree::Integer),
        (-20..20i64).prop_map(Tree::Integer),
        bytes().prop_map(Tree::Bytes),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::List),
            prop::collection::btree_map(bytes(), inner, 0..8).prop_map(Tree::Dictionary),
        ]
    })
}

/// What holds for any input: no panic, and an accepted value is within the limits and survives
/// being written and read again.
fn check_any_input(input: &[u8]) {
    let Ok((value, consumed)) = decode_prefix(input, Limits::MESSAGE) else {
        return;
    };
    assert!(consumed <= input.len());
    assert_eq!(read(&input[..consumed]).as_ref(), Ok(&value));
    let canonical = encode(&value);
    assert!(canonical.len() <= consumed);
    let again = read(&canonical).unwrap();
    assert_eq!(encode(&again), canonical);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn round_trip(tree in trees()) {
        let value = tree.as_value();
        let bytes = encode(&value);
        prop_assert_eq!(decode_prefix(&bytes, Limits::MESSAGE), Ok((value, bytes.len())));
    }

    #[test]
    fn a_part_is_no_value(tree in trees()) {
        let bytes = encode(&tree.as_value());
        for length in 0..bytes.len() {
            prop_assert!(read(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn any_bytes_do_no_harm(input in prop::collection::vec(any::<u8>(), 0..200)) {
        check_any_input(&input);
    }

    #[test]
    fn the_formats_own_letters_do_no_harm(input in "[ilde0-9:-]{0,60}") {
        check_any_input(input.as_bytes());
    }

    #[test]
    fn a_changed_byte_does_no_harm(
        tree in trees(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&tree.as_value());
        let place = place.index(bytes.len());
        bytes[place] = byte;
        check_any_input(&bytes);
    }
}
