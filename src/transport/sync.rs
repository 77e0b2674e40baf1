//! What threads of the transport share is made of these: the usual ones, or those of loom, which
//! plays a test in every order in which its threads can meet (`npm run loom`).

#[cfg(not(all(test, transport_loom)))]
mod chosen {
    pub(in crate::transport) use std::sync::Mutex;
    pub(in crate::transport) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};

    pub(in crate::transport) use tokio::sync::Notify;

    pub(in crate::transport) use crate::transport::lock;
}

#[cfg(all(test, transport_loom))]
mod chosen {
    use std::sync::PoisonError;
    use std::sync::atomic::Ordering;

    pub(in crate::transport) use loom::sync::Mutex;
    use loom::sync::MutexGuard;
    pub(in crate::transport) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
    use tokio::sync::futures::Notified;

    pub(in crate::transport) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// tokio's, with a step before each call that loom sees, so that others come between.
    #[derive(Debug)]
    pub(in crate::transport) struct Notify {
        notify: tokio::sync::Notify,
        steps: AtomicUsize,
    }

    impl Notify {
        pub(in crate::transport) fn new() -> Self {
            Self { notify: tokio::sync::Notify::new(), steps: AtomicUsize::new(0) }
        }

        pub(in crate::transport) fn notified(&self) -> Notified<'_> {
            self.step();
            self.notify.notified()
        }

        pub(in crate::transport) fn notify_one(&self) {
            self.step();
            self.notify.notify_one();
        }

        pub(in crate::transport) fn notify_waiters(&self) {
            self.step();
            self.notify.notify_waiters();
        }

        fn step(&self) {
            self.steps.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(super) use chosen::*;
