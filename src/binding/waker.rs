//! How other threads have JavaScript come.

use std::ptr;
use std::sync::{Mutex, PoisonError};

use napi::bindgen_prelude::{Function, JsValue, ToNapiValue};
use napi::{Env, Result, check_status};

use super::sys;

/// A function of JavaScript that any thread may have called, until the environment ends.
pub(super) struct Waker(Mutex<Option<Handle>>);

struct Handle(sys::napi_threadsafe_function);

// SAFETY: Node.js allows calls of it from any thread.
unsafe impl Send for Handle {}

impl Waker {
    /// `function` is called without arguments. It does not keep the process alive.
    pub(super) fn new(env: &Env, function: Function<'_, (), ()>) -> Result<Self> {
        // SAFETY: `env` is live.
        let name = unsafe { ToNapiValue::to_napi_value(env.raw(), "peer-wire-net") }?;
        Self::create(env, function.raw(), name)
    }

    /// Of a function and a name as values of the environment.
    pub(super) fn create(
        env: &Env,
        function: sys::napi_value,
        name: sys::napi_value,
    ) -> Result<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: both values are of this environment; without a callback Node.js calls the
        // function itself.
        check_status!(unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                function,
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                None,
                &mut handle,
            )
        })?;
        let waker = Self(Mutex::new(Some(Handle(handle))));
        waker.keep_alive(env, false)?;
        Ok(waker)
    }

    /// Has the function called soon.
    pub(super) fn wake(&self) {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Handle(handle)) = &*handle {
            // SAFETY: while we hold the lock it is not released. Should this fail, the environment
            // is about to end.
            unsafe {
                sys::napi_call_threadsafe_function(
                    *handle,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }

    /// Whether the process stays alive for it. To be called on the environment's thread.
    pub(super) fn keep_alive(&self, env: &Env, is_kept: bool) -> Result<()> {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Handle(handle)) = &*handle else { return Ok(()) };
        // SAFETY: it is of this environment, and not released while we hold the lock.
        check_status!(unsafe {
            if is_kept {
                sys::napi_ref_threadsafe_function(env.raw(), *handle)
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), *handle)
            }
        })
    }

    /// Calls nothing more: the environment ends.
    pub(super) fn close(&self) {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Handle(handle)) = handle {
            // SAFETY: nobody else can reach it any more.
            unsafe {
                sys::napi_release_threadsafe_function(
                    handle,
                    sys::ThreadsafeFunctionReleaseMode::release,
                );
            }
        }
    }
}
