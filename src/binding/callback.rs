//! Functions for JavaScript at the lowest cost that Node.js offers: 12 to 16 ns a call where a
//! `#[napi]` function takes 25 to 45 and a method 300.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::{FromNapiValue, Function, Unknown};
use napi::{Env, Result, check_status, sys};

use super::session::Sessions;

/// Makes a function without arguments that runs `RUN` over the sessions.
pub(super) fn plain<'env>(
    env: &'env Env,
    sessions: &Rc<Sessions>,
    run: fn(&Sessions),
) -> Result<Function<'env, (), Unknown<'env>>> {
    create(env, sessions, Body::Plain(run), on_plain)
}

/// Makes a function of one argument, a view of bytes, which `run` may read and write.
pub(super) fn with_bytes<'env>(
    env: &'env Env,
    sessions: &Rc<Sessions>,
    run: fn(&Sessions, &mut [u8]),
) -> Result<Function<'env, (), Unknown<'env>>> {
    create(env, sessions, Body::WithBytes(run), on_bytes)
}

/// What a function does, and to what.
struct Target {
    sessions: Rc<Sessions>,
    body: Body,
}

enum Body {
    Plain(fn(&Sessions)),
    WithBytes(fn(&Sessions, &mut [u8])),
}

fn create<'env>(
    env: &'env Env,
    sessions: &Rc<Sessions>,
    body: Body,
    entry: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
) -> Result<Function<'env, (), Unknown<'env>>> {
    let target = Box::into_raw(Box::new(Target { sessions: sessions.clone(), body })).cast();
    let mut function = ptr::null_mut();
    // SAFETY: `env` is live; `target` outlives the function, whose finalizer frees it.
    let status = unsafe {
        sys::napi_create_function(env.raw(), ptr::null(), 0, Some(entry), target, &mut function)
    };
    if let Err(error) = check_status!(status) {
        // SAFETY: no function was made, so nobody else has `target`.
        unsafe { drop_target(env.raw(), target, ptr::null_mut()) };
        return Err(error);
    }
    // SAFETY: `function` was just made in this scope. Should this fail, `target` leaks.
    check_status!(unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            target,
            Some(drop_target),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    })?;
    // SAFETY: `function` is a function of this environment.
    unsafe { Function::from_napi_value(env.raw(), function) }
}

/// SAFETY: `target` comes from [`create`], and this runs once, when the function is collected.
unsafe extern "C" fn drop_target(_: sys::napi_env, target: *mut c_void, _: *mut c_void) {
    // SAFETY: as above.
    drop(unsafe { Box::from_raw(target.cast::<Target>()) });
}

/// SAFETY: Node.js calls this as the function that [`create`] made.
unsafe extern "C" fn on_plain(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut target = ptr::null_mut();
    // SAFETY: `env` and `info` are those of this call.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &mut target,
        )
    };
    // SAFETY: the data of this function is a `Target`, alive as long as the function.
    let target = unsafe { &*target.cast::<Target>() };
    if let Body::Plain(run) = target.body {
        guard(&target.sessions, || run(&target.sessions));
    }
    ptr::null_mut()
}

/// SAFETY: Node.js calls this as the function that [`create`] made.
unsafe extern "C" fn on_bytes(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut target = ptr::null_mut();
    let mut count = 1;
    let mut view = ptr::null_mut();
    // SAFETY: `env` and `info` are those of this call; `view` has room for the one argument.
    unsafe {
        sys::napi_get_cb_info(env, info, &mut count, &mut view, ptr::null_mut(), &mut target)
    };
    // SAFETY: the data of this function is a `Target`, alive as long as the function.
    let target = unsafe { &*target.cast::<Target>() };
    let mut data = ptr::null_mut();
    let mut length = 0;
    // SAFETY: `view` is a live value. Of what is no view nothing is read: the call fails.
    let status = unsafe { sys::napi_get_buffer_info(env, view, &mut data, &mut length) };
    if status != sys::Status::napi_ok {
        // SAFETY: `env` is live, and the strings end with a zero.
        unsafe { sys::napi_throw_type_error(env, ptr::null(), c"not a view of bytes".as_ptr()) };
        return ptr::null_mut();
    }
    let bytes: &mut [u8] = if length == 0 {
        &mut []
    } else {
        // SAFETY: the view's memory stays where it is until this call ends, and no one else
        // touches it: JavaScript does not run, and `run` keeps nothing of it.
        unsafe { std::slice::from_raw_parts_mut(data.cast(), length) }
    };
    if let Body::WithBytes(run) = target.body {
        guard(&target.sessions, || run(&target.sessions, bytes));
    }
    ptr::null_mut()
}

/// No panic crosses: it would end the process. The wire that caused it is lost.
fn guard(sessions: &Sessions, run: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        sessions.on_panic();
    }
}
