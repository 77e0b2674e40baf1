//! The threads that all connections of the process share.

use std::io;
use std::sync::{Arc, Mutex, Weak};

use super::lock;

/// One halves the throughput of many encrypted connections, more take the cores of the caller.
const WORKERS: usize = 2;

static CURRENT: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());

/// The threads. They end with the last of its owners.
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// The one of this process, made if there is none.
    pub fn shared() -> io::Result<Arc<Self>> {
        let mut current = lock(&CURRENT);
        if let Some(runtime) = current.upgrade() {
            return Ok(runtime);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("peer-wire-net")
            .enable_all()
            .build()?;
        let runtime = Arc::new(Self(Some(runtime)));
        *current = Arc::downgrade(&runtime);
        Ok(runtime)
    }

    /// What begins tasks on the threads.
    pub(super) fn handle(&self) -> &tokio::runtime::Handle {
        self.0.as_ref().expect("it is taken only when dropped").handle()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // All tasks were aborted by then; a thread that is busy with one is not waited for.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
