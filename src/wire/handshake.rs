//! The handshake of BEP 3 and its reserved bits.

/// The length of a handshake in bytes.
pub const HANDSHAKE_LENGTH: usize = 68;

const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";

/// The features that the reserved bits of a handshake announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserved {
    /// BEP 5: the peer takes part in the DHT.
    pub dht: bool,
    /// BEP 6: the fast extension.
    pub fast: bool,
    /// BEP 10: the extension protocol.
    pub extended: bool,
    /// BEP 52: the peer can speak of the torrent in its second version.
    pub v2: bool,
}

impl Reserved {
    const DHT: (usize, u8) = (7, 0x01);
    const FAST: (usize, u8) = (7, 0x04);
    const EXTENDED: (usize, u8) = (5, 0x10);
    const V2: (usize, u8) = (7, 0x10);

    fn decode(bytes: &[u8; 8]) -> Self {
        let is_set = |(index, mask): (usize, u8)| bytes[index] & mask != 0;
        Self {
            dht: is_set(Self::DHT),
            fast: is_set(Self::FAST),
            extended: is_set(Self::EXTENDED),
            v2: is_set(Self::V2),
        }
    }

    fn encode(self) -> [u8; 8] {
        let Self { dht, fast, extended, v2 } = self;
        let bits =
            [(dht, Self::DHT), (fast, Self::FAST), (extended, Self::EXTENDED), (v2, Self::V2)];
        let mut bytes = [0; 8];
        for (is_on, (index, mask)) in bits {
            if is_on {
                bytes[index] |= mask;
            }
        }
        bytes
    }
}

/// A handshake: who speaks, about which torrent, and with which extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// What the reserved bits say.
    pub reserved: Reserved,
    /// The SHA-1 of the torrent's info dictionary.
    pub info_hash: [u8; 20],
    /// The name that the speaker gave itself.
    pub peer_id: [u8; 20],
}

impl Handshake {
    /// Whether `start`, the first bytes of a stream, can still become a handshake.
    pub(crate) fn is_prefix(start: &[u8]) -> bool {
        let known = start.len().min(PROTOCOL.len());
        start[..known] == PROTOCOL[..known]
    }

    /// Reads a whole handshake; `None` if it names another protocol.
    pub(crate) fn decode(bytes: &[u8; HANDSHAKE_LENGTH]) -> Option<Self> {
        let (protocol, rest) = bytes.split_first_chunk::<20>()?;
        let (reserved, rest) = rest.split_first_chunk::<8>()?;
        let (info_hash, rest) = rest.split_first_chunk::<20>()?;
        let (peer_id, _) = rest.split_first_chunk::<20>()?;
        (protocol == PROTOCOL).then(|| Self {
            reserved: Reserved::decode(reserved),
            info_hash: *info_hash,
            peer_id: *peer_id,
        })
    }

    /// The bytes on the wire.
    pub fn encode(&self) -> [u8; HANDSHAKE_LENGTH] {
        let mut bytes = [0; HANDSHAKE_LENGTH];
        bytes[..20].copy_from_slice(PROTOCOL);
        bytes[20..28].copy_from_slice(&self.reserved.encode());
        bytes[28..48].copy_from_slice(&self.info_hash);
        bytes[48..].copy_from_slice(&self.peer_id);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip_with_every_mix_of_reserved_bits() {
        for bits in 0..16u8 {
            let handshake = Handshake {
                reserved: Reserved {
                    dht: bits & 1 != 0,
                    fast: bits & 2 != 0,
                    extended: bits & 4 != 0,
                    v2: bits & 8 != 0,
                },
                info_hash: [0xAB; 20],
                peer_id: *b"-BN0100-0123456789ab",
            };
            assert_eq!(Handshake::decode(&handshake.encode()), Some(handshake));
        }
    }

    #[test]
    fn reserved_bits_stand_where_the_beps_put_them() {
        let all = Reserved { dht: true, fast: true, extended: true, v2: true };
        assert_eq!(all.encode(), [0, 0, 0, 0, 0, 0x10, 0, 0x15]);
    }

    #[test]
    fn another_protocol_is_refused_at_its_first_differing_byte() {
        assert!(Handshake::is_prefix(b""));
        assert!(Handshake::is_prefix(b"\x13BitT"));
        assert!(!Handshake::is_prefix(b"\x13Bitt"));
        assert!(!Handshake::is_prefix(b"\x12"));
        let mut bytes = [0; HANDSHAKE_LENGTH];
        bytes[..20].copy_from_slice(b"\x13BitTorrent Protocol");
        assert_eq!(Handshake::decode(&bytes), None);
    }
}
