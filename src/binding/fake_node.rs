//! As much of Node-API as the unsafe code of this room calls, so that its tests run without Node.js:
//! under Miri, and under ThreadSanitizer (`npm run miri`, `npm run tsan`). What is given away is
//! memory of its own: whoever touches it too late is seen.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) use napi::sys::{
    Status, ThreadsafeFunctionCallMode, ThreadsafeFunctionReleaseMode, napi_callback_info,
    napi_env, napi_threadsafe_function, napi_value,
};
use napi::sys::{
    napi_callback, napi_finalize, napi_ref, napi_status, napi_threadsafe_function_call_js,
    napi_threadsafe_function_call_mode, napi_threadsafe_function_release_mode,
};

/// An environment.
#[derive(Default)]
pub(super) struct Node {
    /// The next function cannot be made.
    pub(super) is_failing: Cell<bool>,
    /// How many errors were thrown.
    thrown: Cell<usize>,
    /// How often its function was called from any thread.
    called: Arc<AtomicUsize>,
    is_kept_alive: Cell<bool>,
}

/// A value of JavaScript.
pub(super) enum Value {
    Undefined,
    Function(NodeFunction),
    Bytes { data: *mut u8, length: usize },
}

pub(super) struct NodeFunction {
    callback: napi_callback,
    data: *mut c_void,
    finalizers: Vec<(napi_finalize, *mut c_void)>,
}

struct Call {
    arguments: Vec<napi_value>,
    data: *mut c_void,
}

struct ThreadsafeFunction {
    called: Arc<AtomicUsize>,
}

impl Node {
    pub(super) fn new() -> *mut Self {
        Box::into_raw(Box::default())
    }

    /// Ends the environment. SAFETY: it comes from [`Node::new`], and nobody uses it afterwards.
    pub(super) unsafe fn end(this: *mut Self) {
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(this) });
    }

    pub(super) fn called(&self) -> usize {
        self.called.load(Ordering::Relaxed)
    }

    pub(super) fn is_kept_alive(&self) -> bool {
        self.is_kept_alive.get()
    }

    /// How many errors were thrown since this was asked.
    pub(super) fn take_thrown(&self) -> usize {
        self.thrown.take()
    }
}

/// A view of bytes.
pub(super) fn view(bytes: &mut [u8]) -> Value {
    Value::Bytes { data: bytes.as_mut_ptr(), length: bytes.len() }
}

/// Calls a function as JavaScript does. SAFETY: both come from here and live.
pub(super) unsafe fn call(env: *mut Node, function: napi_value, arguments: &mut [Value]) {
    // SAFETY: as above.
    let Value::Function(function) = (unsafe { &*function.cast::<Value>() }) else {
        panic!("no function");
    };
    let arguments = arguments.iter_mut().map(|value| ptr::from_mut(value).cast()).collect();
    let mut call = Call { arguments, data: function.data };
    let callback = function.callback.expect("a callback");
    // SAFETY: the callback was made for such a call.
    unsafe { callback(env.cast(), ptr::from_mut(&mut call).cast()) };
}

/// Collects a function as garbage. SAFETY: it comes from here, and nobody uses it afterwards.
pub(super) unsafe fn collect(env: *mut Node, function: napi_value) {
    // SAFETY: as above.
    let value = unsafe { Box::from_raw(function.cast::<Value>()) };
    let Value::Function(function) = *value else { panic!("no function") };
    for (finalizer, data) in function.finalizers {
        // SAFETY: each runs once, with the data that it was given with.
        unsafe { finalizer.expect("a finalizer")(env.cast(), data, ptr::null_mut()) };
    }
}

//
// NODE-API. SAFETY of each: as Node.js documents it.
//

pub(super) unsafe fn napi_create_function(
    env: napi_env,
    _: *const c_char,
    _: isize,
    callback: napi_callback,
    data: *mut c_void,
    result: *mut napi_value,
) -> napi_status {
    // SAFETY: see above.
    unsafe {
        if (*env.cast::<Node>()).is_failing.get() {
            return Status::napi_generic_failure;
        }
        let function = NodeFunction { callback, data, finalizers: Vec::new() };
        *result = Box::into_raw(Box::new(Value::Function(function))).cast();
    }
    Status::napi_ok
}

pub(super) unsafe fn napi_add_finalizer(
    _: napi_env,
    object: napi_value,
    data: *mut c_void,
    finalizer: napi_finalize,
    _: *mut c_void,
    _: *mut napi_ref,
) -> napi_status {
    // SAFETY: see above.
    let Value::Function(function) = (unsafe { &mut *object.cast::<Value>() }) else {
        return Status::napi_object_expected;
    };
    function.finalizers.push((finalizer, data));
    Status::napi_ok
}

pub(super) unsafe fn napi_get_cb_info(
    _: napi_env,
    info: napi_callback_info,
    count: *mut usize,
    arguments: *mut napi_value,
    _: *mut napi_value,
    data: *mut *mut c_void,
) -> napi_status {
    // SAFETY: see above. Where there are fewer arguments than asked for, the rest is undefined.
    unsafe {
        let call = &*info.cast::<Call>();
        *data = call.data;
        if !count.is_null() {
            let undefined = ptr::from_ref(&Value::Undefined).cast_mut().cast();
            for i in 0..*count {
                *arguments.add(i) = call.arguments.get(i).copied().unwrap_or(undefined);
            }
            *count = call.arguments.len();
        }
    }
    Status::napi_ok
}

pub(super) unsafe fn napi_get_buffer_info(
    _: napi_env,
    value: napi_value,
    data: *mut *mut c_void,
    length: *mut usize,
) -> napi_status {
    // SAFETY: see above.
    unsafe {
        let Value::Bytes { data: bytes, length: count } = &*value.cast::<Value>() else {
            return Status::napi_invalid_arg;
        };
        *data = bytes.cast();
        *length = *count;
    }
    Status::napi_ok
}

pub(super) unsafe fn napi_throw_type_error(
    env: napi_env,
    _: *const c_char,
    message: *const c_char,
) -> napi_status {
    // SAFETY: see above.
    unsafe {
        assert!(!std::ffi::CStr::from_ptr(message).is_empty());
        let thrown = &(*env.cast::<Node>()).thrown;
        thrown.set(thrown.get() + 1);
    }
    Status::napi_ok
}

#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn napi_create_threadsafe_function(
    env: napi_env,
    _: napi_value,
    _: napi_value,
    _: napi_value,
    _: usize,
    _: usize,
    _: *mut c_void,
    _: napi_finalize,
    _: *mut c_void,
    _: napi_threadsafe_function_call_js,
    result: *mut napi_threadsafe_function,
) -> napi_status {
    // SAFETY: see above.
    unsafe {
        let node = &*env.cast::<Node>();
        node.is_kept_alive.set(true);
        let function = ThreadsafeFunction { called: node.called.clone() };
        *result = Box::into_raw(Box::new(function)).cast();
    }
    Status::napi_ok
}

pub(super) unsafe fn napi_call_threadsafe_function(
    function: napi_threadsafe_function,
    _: *mut c_void,
    _: napi_threadsafe_function_call_mode,
) -> napi_status {
    // SAFETY: see above.
    let function = unsafe { &*function.cast::<ThreadsafeFunction>() };
    // It orders nothing: who relies on that is seen.
    function.called.fetch_add(1, Ordering::Relaxed);
    Status::napi_ok
}

pub(super) unsafe fn napi_release_threadsafe_function(
    function: napi_threadsafe_function,
    _: napi_threadsafe_function_release_mode,
) -> napi_status {
    // SAFETY: see above: it had one owner, who is gone.
    drop(unsafe { Box::from_raw(function.cast::<ThreadsafeFunction>()) });
    Status::napi_ok
}

pub(super) unsafe fn napi_ref_threadsafe_function(
    env: napi_env,
    _: napi_threadsafe_function,
) -> napi_status {
    // SAFETY: see above.
    unsafe { (*env.cast::<Node>()).is_kept_alive.set(true) };
    Status::napi_ok
}

pub(super) unsafe fn napi_unref_threadsafe_function(
    env: napi_env,
    _: napi_threadsafe_function,
) -> napi_status {
    // SAFETY: see above.
    unsafe { (*env.cast::<Node>()).is_kept_alive.set(false) };
    Status::napi_ok
}
