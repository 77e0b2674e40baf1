//! Bencode written, so that what was read can be held against it. The fuzz target shares it.

use bittorrent_protocol_native::wire::bencode::Value;

/// Writes `value` as BEP 3 wants it: keys sorted as raw bytes; of equal keys only the last.
pub fn encode(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(value, &mut out);
    out
}

fn encode_into(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Integer(number) => {
            out.push(b'i');
            out.extend_from_slice(number.to_string().as_bytes());
            out.push(b'e');
        }
        Value::Bytes(bytes) => encode_bytes(bytes, out),
        Value::List(values) => {
            out.push(b'l');
            for value in values {
                encode_into(value, out);
            }
            out.push(b'e');
        }
        Value::Dictionary(entries) => {
            // The sort is stable, so the last of equal keys is the one with no equal after it.
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            out.push(b'd');
            for (position, (key, value)) in sorted.iter().enumerate() {
                if sorted.get(position + 1).is_some_and(|(next, _)| next == key) {
                    continue;
                }
                encode_bytes(key, out);
                encode_into(value, out);
            }
            out.push(b'e');
        }
    }
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(bytes);
}
