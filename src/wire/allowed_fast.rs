//! The canonical allowed-fast set (BEP 6): which pieces a peer may request while choked.

use std::net::IpAddr;

use sha1::{Digest, Sha1};

/// The allowed-fast set of `k` pieces for the peer at an address, in the order of the BEP: whoever
/// offers it `k` pieces offers the same. All of them, in order, if there are no more than `k`.
///
/// Of an IPv4 address the last byte does not count. The BEP has none for IPv6: as in libtorrent all
/// 16 bytes count. `k` should be small, as the BEP says; it has 10.
pub fn allowed_fast_set(address: IpAddr, info_hash: &[u8; 20], pieces: u32, k: u32) -> Vec<u32> {
    if k >= pieces {
        return (0..pieces).collect();
    }
    let mut hash = match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            digest(&[&[a, b, c, 0], info_hash])
        }
        IpAddr::V6(address) => digest(&[&address.octets(), info_hash]),
    };
    let mut set = Vec::with_capacity(k as usize);
    loop {
        for word in hash.as_chunks::<4>().0 {
            if set.len() == k as usize {
                return set;
            }
            let piece = u32::from_be_bytes(*word) % pieces;
            if !set.contains(&piece) {
                set.push(piece);
            }
        }
        hash = digest(&[&hash]);
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 20] {
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(address: &str, pieces: u32, k: u32) -> Vec<u32> {
        allowed_fast_set(address.parse().expect("an address"), &[0xaa; 20], pieces, k)
    }

    #[test]
    fn has_the_examples_of_the_bep() {
        let seven = [1059, 431, 808, 1217, 287, 376, 1188];
        assert_eq!(set("80.4.4.200", 1313, 7), seven);
        assert_eq!(set("80.4.4.200", 1313, 9), [&seven[..], &[353, 508]].concat());
        // Its network counts, and not its place there.
        assert_eq!(set("80.4.4.1", 1313, 7), seven);
        assert_ne!(set("80.4.5.200", 1313, 7), seven);
        assert_eq!(set("::ffff:80.4.4.200", 1313, 7), seven);
    }

    #[test]
    fn of_ipv6_every_byte_counts() {
        // What Python's hashlib makes of the address and the info hash.
        assert_eq!(set("2001:db8::1", 1313, 7), [1161, 940, 1118, 646, 978, 1086, 899]);
        assert_eq!(set("2001:db8::2", 1313, 7), [15, 673, 930, 655, 158, 1211, 115]);
    }

    #[test]
    fn each_piece_is_there_once_and_none_is_missing() {
        assert_eq!(set("80.4.4.200", 0, 10), []);
        assert_eq!(set("80.4.4.200", 10, 10), (0..10).collect::<Vec<_>>());
        assert_eq!(set("80.4.4.200", 3, 10), [0, 1, 2]);
        for pieces in 11..60 {
            let mut found = set("80.4.4.200", pieces, 10);
            found.sort_unstable();
            found.dedup();
            assert!(found.len() == 10 && found.iter().all(|&piece| piece < pieces));
        }
        assert_eq!(set("80.4.4.200", u32::MAX, 0), []);
        assert_eq!(set("80.4.4.200", 101, 100).len(), 100);
    }
}
