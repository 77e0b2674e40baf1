//! Functions for JavaScript at the lowest cost that Node.js offers: 12 to 16 ns a call where a
//! `#[napi]` function takes 25 to 45 and a method 300.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::rc::Rc;

use napi::bindgen_prelude::{FromNapiValue, Function, Unknown};
use napi::{Env, Result, check_status};

use super::sys;

/// Makes a function without arguments that runs `run` on what is shared. `run` catches its panics:
/// see [`guard`].
pub(super) fn plain<'env, S: 'static>(
    env: &'env Env,
    shared: &Rc<S>,
    run: fn(&S),
) -> Result<Function<'env, (), Unknown<'env>>> {
    let function = create_plain(env.raw(), shared, run)?;
    // SAFETY: `function` was just made, in this environment.
    unsafe { Function::from_napi_value(env.raw(), function) }
}

/// Makes a function of two arguments, views of bytes: `run` reads and writes the first, and reads
/// the second, which may be left out.
pub(super) fn with_bytes<'env, S: 'static>(
    env: &'env Env,
    shared: &Rc<S>,
    run: fn(&S, &mut [u8], &[u8]),
) -> Result<Function<'env, (), Unknown<'env>>> {
    let function = create_with_bytes(env.raw(), shared, run)?;
    // SAFETY: as above.
    unsafe { Function::from_napi_value(env.raw(), function) }
}

pub(super) fn create_plain<S: 'static>(
    env: sys::napi_env,
    shared: &Rc<S>,
    run: fn(&S),
) -> Result<sys::napi_value> {
    create(env, shared, Body::Plain(run), on_plain::<S>)
}

pub(super) fn create_with_bytes<S: 'static>(
    env: sys::napi_env,
    shared: &Rc<S>,
    run: fn(&S, &mut [u8], &[u8]),
) -> Result<sys::napi_value> {
    create(env, shared, Body::WithBytes(run), on_bytes::<S>)
}

/// What a function does, and to what.
struct Target<S> {
    shared: Rc<S>,
    body: Body<S>,
}

enum Body<S> {
    Plain(fn(&S)),
    WithBytes(fn(&S, &mut [u8], &[u8])),
}

fn create<S: 'static>(
    env: sys::napi_env,
    shared: &Rc<S>,
    body: Body<S>,
    entry: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
) -> Result<sys::napi_value> {
    let target = Box::into_raw(Box::new(Target { shared: shared.clone(), body })).cast();
    let mut function = ptr::null_mut();
    // SAFETY: `env` is live; `target` outlives the function, whose finalizer frees it.
    let status = unsafe {
        sys::napi_create_function(env, ptr::null(), 0, Some(entry), target, &mut function)
    };
    if let Err(error) = check_status!(status) {
        // SAFETY: no function was made, so nobody else has `target`.
        unsafe { drop_target::<S>(env, target, ptr::null_mut()) };
        return Err(error);
    }
    // SAFETY: `function` was just made in this scope. Should this fail, `target` leaks.
    check_status!(unsafe {
        sys::napi_add_finalizer(
            env,
            function,
            target,
            Some(drop_target::<S>),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    })?;
    Ok(function)
}

/// SAFETY: `target` comes from [`create`] of the same `S`, and this runs once, when the function is collected.
unsafe extern "C" fn drop_target<S>(_: sys::napi_env, target: *mut c_void, _: *mut c_void) {
    // SAFETY: as above.
    drop(unsafe { Box::from_raw(target.cast::<Target<S>>()) });
}

/// SAFETY: Node.js calls this as the function that [`create`] of the same `S` made.
unsafe extern "C" fn on_plain<S>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut target = ptr::null_mut();
    // SAFETY: `env` and `info` are those of this call.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut target,
        )
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: the data of this function is a `Target`, alive as long as the function.
    let target = unsafe { &*target.cast::<Target<S>>() };
    if let Body::Plain(run) = target.body {
        run(&target.shared);
    }
    ptr::null_mut()
}

/// SAFETY: Node.js calls this as the function that [`create`] of the same `S` made.
unsafe extern "C" fn on_bytes<S>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut target = ptr::null_mut();
    let mut views = [ptr::null_mut(); 2];
    let mut count = views.len();
    // SAFETY: `env` and `info` are those of this call; `views` has room for two arguments.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            views.as_mut_ptr(),
            ptr::null_mut(),
            &mut target,
        )
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: the data of this function is a `Target`, alive as long as the function.
    let target = unsafe { &*target.cast::<Target<S>>() };
    // SAFETY: both are arguments of this call.
    let bytes = unsafe { memory(env, views[0]) };
    // SAFETY: as above.
    let source = if count > 1 { unsafe { memory(env, views[1]) } } else { Some(EMPTY) };
    let (Some(bytes), Some(source)) = (bytes, source) else {
        // SAFETY: `env` is live, and the strings end with a zero.
        unsafe { sys::napi_throw_type_error(env, ptr::null(), c"not a view of bytes".as_ptr()) };
        return ptr::null_mut();
    };
    if overlaps(bytes, source) {
        // SAFETY: as above.
        unsafe { sys::napi_throw_type_error(env, ptr::null(), c"the views overlap".as_ptr()) };
        return ptr::null_mut();
    }
    // SAFETY: the memory of both views stays where it is until this call ends, they share none of
    // it, and no one else touches it: JavaScript does not run, and `run` keeps nothing of it.
    let (bytes, source) = unsafe {
        (
            std::slice::from_raw_parts_mut(bytes.0.as_ptr(), bytes.1),
            std::slice::from_raw_parts(source.0.as_ptr(), source.1),
        )
    };
    if let Body::WithBytes(run) = target.body {
        run(&target.shared, bytes, source);
    }
    ptr::null_mut()
}

/// Where a view's bytes are, and how many.
type Memory = (NonNull<u8>, usize);

const EMPTY: Memory = (NonNull::dangling(), 0);

/// SAFETY: `view` is a value of this call.
unsafe fn memory(env: sys::napi_env, view: sys::napi_value) -> Option<Memory> {
    let mut data = ptr::null_mut();
    let mut length = 0;
    // SAFETY: as above. Of what is no view nothing is read: the call fails.
    let status = unsafe { sys::napi_get_buffer_info(env, view, &mut data, &mut length) };
    if status != sys::Status::napi_ok {
        return None;
    }
    // An empty view may have no memory at all.
    Some(NonNull::new(data.cast()).map_or(EMPTY, |data| (data, length)))
}

fn overlaps(a: Memory, b: Memory) -> bool {
    let (start_a, start_b) = (a.0.as_ptr() as usize, b.0.as_ptr() as usize);
    a.1 > 0 && b.1 > 0 && start_a < start_b + b.1 && start_b < start_a + a.1
}

/// Runs `action`, and `on_panic` if it panicked.
pub(super) fn guard(action: impl FnOnce(), on_panic: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(action)).is_err() {
        on_panic();
    }
}
