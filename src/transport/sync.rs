//! What threads of the transport share is made of these: the standard library's, or those of loom,
//! which plays a test in every order in which its threads can meet (`npm run loom`).

#[cfg(not(all(test, transport_loom)))]
mod chosen {
    pub(in crate::transport) use std::sync::Mutex;
    pub(in crate::transport) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};

    pub(in crate::transport) use crate::transport::lock;
}

#[cfg(all(test, transport_loom))]
mod chosen {
    use std::sync::PoisonError;

    pub(in crate::transport) use loom::sync::Mutex;
    use loom::sync::MutexGuard;
    pub(in crate::transport) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};

    pub(in crate::transport) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) use chosen::*;
