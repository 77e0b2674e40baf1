//! Bencode for JavaScript: what the engine decodes, as JavaScript values.

use napi::bindgen_prelude::{Array, BufferSlice, JsObjectValue, Object, ToNapiValue, Unknown};
use napi::{Env, Error, JsValue, Property, PropertyAttributes, Result, Status};
use napi_derive::napi;

use crate::wire::bencode::{Limits, Value, decode};
use crate::wire::guard;

/// Decodes the bencoded value (BEP 3) at the start of `bytes`; what follows it is ignored.
/// Integers become numbers, byte strings Buffers, dictionaries plain objects whose keys are UTF-8,
/// or hexadecimal where they are not. `maxItems` bounds how many values there may be.
/// Throws an Error with code `InvalidArg` and the offset where `bytes` are no bencode.
#[napi(catch_unwind, ts_return_type = "unknown")]
pub fn bencode_decode<'env>(
    env: &'env Env,
    bytes: &[u8],
    max_items: Option<u32>,
) -> Result<Unknown<'env>> {
    let mut limits = Limits::MESSAGE;
    if let Some(max_items) = max_items {
        limits.max_items = max_items as usize;
    }
    let value =
        decode(bytes, limits).map_err(|error| Error::new(Status::InvalidArg, error.to_string()))?;
    to_js(env, &value)
}

/// Whether a message of `ut_metadata` (BEP 9) may be given to the npm package of that name.
#[napi(catch_unwind)]
pub fn is_sound_ut_metadata(message: &[u8]) -> bool {
    guard::is_sound_ut_metadata(message)
}

/// Whether a message of `ut_pex` (BEP 11) may be given to the npm package of that name.
#[napi(catch_unwind)]
pub fn is_sound_ut_pex(message: &[u8]) -> bool {
    guard::is_sound_ut_pex(message)
}

/// A bencoded value as a JavaScript value.
pub(super) fn to_js<'env>(env: &'env Env, value: &Value<'_>) -> Result<Unknown<'env>> {
    match value {
        Value::Integer(integer) => (*integer as f64).into_unknown(env),
        Value::Bytes(bytes) => BufferSlice::copy_from(env, bytes)?.into_unknown(env),
        Value::List(values) => {
            let mut array: Array<'env> = env.create_array(values.len() as u32)?;
            for (index, value) in values.iter().enumerate() {
                array.set(index as u32, to_js(env, value)?)?;
            }
            array.into_unknown(env)
        }
        Value::Dictionary(entries) => {
            let mut object = Object::new(env)?;
            for (key, value) in entries {
                set_key(&mut object, key, to_js(env, value)?)?;
            }
            Ok(object.to_unknown())
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sets a property by a name that a peer chose.
pub(super) fn set_key<T: ToNapiValue>(object: &mut Object<'_>, key: &[u8], value: T) -> Result<()> {
    let name = match std::str::from_utf8(key) {
        Ok(name) => name.to_owned(),
        Err(_) => hex(key),
    };
    if name == "__proto__" {
        // An assignment would change the prototype instead.
        let property = Property::new()
            .with_utf8_name(&name)?
            .with_napi_value(&Env::from_raw(object.value().env), value)?
            .with_property_attributes(
                PropertyAttributes::Writable
                    | PropertyAttributes::Enumerable
                    | PropertyAttributes::Configurable,
            );
        return object.define_properties(&[property]);
    }
    object.set(name, value)
}
