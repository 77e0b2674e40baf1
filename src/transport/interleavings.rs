//! Threads that meet in every order (`npm run loom`): the caller, what runs for its connections, and
//! who changes a limit. What loom finds besides a failed assertion is a thread that waits for ever.
//!
//! tokio's own primitives are taken for right: each of their calls is one step.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use loom::future::block_on;
use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::connection::Work;
use super::pool::{SLAB_LENGTH, Slab};
use super::*;
use crate::wire::mse::{Ciphers, Rc4};

/// How often threads are interrupted at most, unless `LOOM_MAX_PREEMPTIONS` says it.
const INTERRUPTIONS: usize = 2;

/// Plays `test` in every order of its threads.
fn play(test: impl Fn(&World) + Send + Sync + 'static) {
    let world = World::new();
    let clock = world.clock.clone();
    let _guard = clock.enter();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(INTERRUPTIONS);
    builder.check(move || test(&world));
}

/// What all runs of a test have in common, and none of them changes.
struct World {
    runtime: Arc<Runtime>,
    /// A runtime that never runs: its clock stands still, and its sockets are never ready.
    clock: Arc<tokio::runtime::Runtime>,
    stream: Arc<Stream>,
    _listener: TcpListener,
}

impl World {
    fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let clock = Arc::new(builder.enable_all().start_paused(true).build().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // It stays in the listener's queue.
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.set_nonblocking(true).unwrap();
        let _guard = clock.enter();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let stream = Arc::new(Stream::Tcp(stream));
        Self { runtime: Runtime::shared().unwrap(), clock, stream, _listener: listener }
    }
}

/// Who comes when woken, as `drain` of `lib/net/native.js` does.
struct Caller {
    inbox: Arc<Inbox>,
    is_woken: Arc<AtomicBool>,
    woken: Arc<Notify>,
}

impl Caller {
    fn new(world: &World) -> Self {
        let is_woken = Arc::new(AtomicBool::new(false));
        let woken = Arc::new(Notify::new());
        let inbox = Inbox::new(world.runtime.clone(), {
            let (is_woken, woken) = (is_woken.clone(), woken.clone());
            move || {
                assert!(!is_woken.swap(true, Ordering::AcqRel), "woken twice");
                woken.notify();
            }
        });
        Self { inbox, is_woken, woken }
    }

    fn connection(&self, name: u64) -> Arc<Connection> {
        Connection::new(&self.inbox, name, SLAB_LENGTH, None)
    }

    /// Waits to be woken, and comes until nothing is new. Does `act` at each record.
    fn come(&self, mut act: impl FnMut(Record)) {
        while !self.is_woken.swap(false, Ordering::AcqRel) {
            self.woken.wait();
        }
        loop {
            self.inbox.begin();
            while let Some(record) = self.inbox.next() {
                act(record);
            }
            if self.inbox.rest() {
                return;
            }
        }
    }

    /// Comes until `events` were told of the only source; gives all that was.
    fn wait(&self, told: &mut Events, events: Events) {
        while !told.has(events) {
            self.come(|record| *told = *told | record.events);
        }
    }
}

/// Does something to a connection on a thread of its own.
fn beside<T: 'static>(
    connection: &Arc<Connection>,
    act: impl FnOnce(&Arc<Connection>) -> T + 'static,
) -> thread::JoinHandle<T> {
    let connection = connection.clone();
    thread::spawn(move || act(&connection))
}

/// A slab that is full of a number.
fn slab_of(number: u8) -> Slab {
    let mut slab = Slab::take();
    slab.free().fill(number);
    slab.filled(SLAB_LENGTH);
    slab
}

/// A slab with bytes in it.
fn slab_with(bytes: &[u8]) -> Slab {
    let mut slab = Slab::take();
    slab.append(bytes);
    slab
}

/// What a writer makes of all that is to be written, and when it has ended.
fn write_all(connection: &Arc<Connection>) -> Vec<u8> {
    let mut written = Vec::new();
    loop {
        let mut batch = match connection.next_work() {
            Work::None => {
                block_on(connection.work.notified());
                continue;
            }
            Work::Write(batch) => batch,
            Work::Encrypt(mut batch, cipher) => {
                let mut cipher = cipher.expect("it is back");
                for chunk in &mut batch {
                    cipher.apply_in_place(chunk.slab.bytes_mut());
                }
                connection.return_cipher(cipher);
                batch
            }
            Work::End => return written,
        };
        for chunk in batch.drain(..) {
            written.write_all(chunk.slab.bytes()).unwrap();
            connection.wrote(chunk.slab.len());
        }
    }
}

#[test]
fn one_wake_up_for_all_is_never_lost() {
    play(|world| {
        let caller = Caller::new(world);
        let threads = [0, 1].map(|name| {
            beside(&caller.connection(name), |connection| {
                connection.tell(Events::BYTES);
                connection.tell(Events::CLOSED);
            })
        });
        let mut told = [Events::default(); 2];
        while told != [Events::BYTES | Events::CLOSED; 2] {
            caller.come(|record| {
                let told = &mut told[record.name as usize];
                assert!(!told.has(Events::CLOSED), "news of what is closed");
                *told = *told | record.events;
            });
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn credit_that_comes_back_while_a_read_is_under_way_is_not_lost() {
    const SLABS: u8 = 3;
    play(|world| {
        let caller = Caller::new(world);
        let connection = caller.connection(0);
        let reader = beside(&connection, |connection| {
            for number in 0..SLABS {
                block_on(connection.until_credit());
                connection.received(slab_of(number));
                connection.tell(Events::BYTES);
            }
        });
        // Two takes for a slab: what is left over goes back.
        let mut bytes = vec![0; SLAB_LENGTH / 2];
        let mut halves = 0;
        while halves < 2 * SLABS {
            caller.come(|record| {
                assert!(record.available <= SLAB_LENGTH, "more than the window");
                while connection.take(&mut bytes) > 0 {
                    assert_eq!([bytes[0], bytes[bytes.len() - 1]], [halves / 2; 2]);
                    halves += 1;
                }
            });
        }
        reader.join().unwrap();
    });
}

#[test]
fn a_pause_while_bytes_come_hides_none() {
    play(|world| {
        let caller = Caller::new(world);
        let connection = caller.connection(0);
        let reader = beside(&connection, |connection| {
            block_on(connection.until_credit());
            connection.received(slab_with(b"bytes"));
            if !connection.is_paused() {
                connection.tell(Events::BYTES);
            }
        });
        let pauser = beside(&connection, |connection| {
            connection.pause();
            connection.resume();
        });
        let mut taken = 0;
        while taken == 0 {
            caller.come(|_| taken += connection.take(&mut [0; 8]));
        }
        assert_eq!(taken, 5);
        reader.join().unwrap();
        pauser.join().unwrap();
    });
}

#[test]
fn a_connection_may_close_while_its_news_are_told() {
    play(|world| {
        let caller = Caller::new(world);
        let connections = [0, 1].map(|name| caller.connection(name));
        let threads = connections.each_ref().map(|connection| {
            beside(connection, |connection| {
                connection.received(slab_with(b"bytes"));
                connection.tell(Events::BYTES);
                connection.closed();
            })
        });
        let mut first = None;
        let mut told = Events::default();
        // The caller forgets the one of which it hears first, at once.
        while !told.has(Events::CLOSED) {
            caller.come(|record| match first {
                None => {
                    first = Some(record.name);
                    let source = Source::Connection(connections[record.name as usize].clone());
                    source.release();
                    source.destroy();
                }
                Some(name) => {
                    assert_ne!(record.name, name, "news of what was released");
                    told = told | record.events;
                }
            });
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let [gone, other] = [first.unwrap() as usize, 1 - first.unwrap() as usize];
        assert_eq!(connections[gone].take(&mut [0; 8]), 0, "dropped");
        assert_eq!(connections[other].take(&mut [0; 8]), 5, "kept");
        caller.inbox.clear();
        for connection in connections {
            assert_eq!(Arc::strong_count(&connection), 1, "nobody else keeps it");
        }
    });
}

#[test]
fn a_cipher_that_comes_while_bytes_do_decrypts_each_of_them_once() {
    const PLAIN: &[u8] = b"two reads";
    play(|world| {
        let caller = Caller::new(world);
        let connection = caller.connection(0);
        let reader = beside(&connection, |connection| {
            let mut bytes = PLAIN.to_vec();
            Rc4::new(b"their key").apply_in_place(&mut bytes);
            let (first, second) = bytes.split_at(4);
            connection.received(slab_with(first));
            connection.received(slab_with(second));
        });
        let ciphers = Ciphers { encrypt: Rc4::new(b"our key"), decrypt: Rc4::new(b"their key") };
        connection.encrypt(ciphers, SLAB_LENGTH);
        reader.join().unwrap();
        let mut bytes = [0; PLAIN.len()];
        assert_eq!(connection.take(&mut bytes), PLAIN.len());
        assert_eq!(bytes, PLAIN);
    });
}

#[test]
fn a_writer_hears_of_all_that_there_is_to_write() {
    play(|world| {
        let caller = Caller::new(world);
        let connection = caller.connection(0);
        connection.opened(&world.stream).unwrap();
        let writer = beside(&connection, write_all);
        connection.write(b"plain, ");
        connection.flush();
        let ciphers = Ciphers { encrypt: Rc4::new(b"our key"), decrypt: Rc4::new(b"their key") };
        connection.encrypt(ciphers, SLAB_LENGTH);
        connection.write(b"encrypted");
        connection.flush();
        connection.end();
        let mut written = writer.join().unwrap();
        Rc4::new(b"our key").apply_in_place(&mut written[7..]);
        assert_eq!(written, b"plain, encrypted");
    });
}

#[test]
fn a_caller_that_stops_is_told_to_go_on() {
    play(|world| {
        let caller = Caller::new(world);
        let connection = caller.connection(0);
        connection.opened(&world.stream).unwrap();
        let writer = beside(&connection, |connection| write_all(connection).len());
        let mut length = 0;
        let mut told = Events::default();
        for _ in 0..2 {
            connection.write(&[0; 5 * SLAB_LENGTH]);
            length += 5 * SLAB_LENGTH;
            let (_, is_full) = connection.flush();
            if is_full {
                caller.wait(&mut told, Events::DRAINED);
            }
        }
        connection.end();
        assert_eq!(writer.join().unwrap(), length);
    });
}

#[test]
fn a_limit_that_is_lifted_frees_who_waits() {
    /// How to let go of what a limit of nothing holds.
    const WAYS: [fn(&Connection, &RateLimit); 3] = [
        |connection, _| connection.set_limit(None),
        |_, limit| limit.set(Direction::Download, f64::INFINITY),
        // What nobody wants is read at once.
        |connection, _| connection.finish(),
    ];
    for lift in WAYS {
        play(move |world| {
            let caller = Caller::new(world);
            let connection = caller.connection(0);
            let limit = RateLimit::new(None);
            limit.set(Direction::Download, 0.0);
            connection.set_limit(Some(limit.clone()));
            let reader = beside(&connection, |connection| {
                block_on(connection.turn(Direction::Download)).length()
            });
            lift(&connection, &limit);
            assert_eq!(reader.join().unwrap(), usize::MAX);
        });
    }
}

#[test]
fn a_turn_passes_to_the_next_however_it_ends() {
    play(|_| {
        let limit = RateLimit::new(None);
        limit.set(Direction::Upload, 0.0);
        let patient = thread::spawn({
            let limit = limit.clone();
            move || block_on(limit.turn(Direction::Upload)).passed(1)
        });
        let direct = thread::spawn({
            let limit = limit.clone();
            move || drop(limit.try_turn(Direction::Upload, 0))
        });
        limit.set(Direction::Upload, f64::INFINITY);
        patient.join().unwrap();
        direct.join().unwrap();
        limit.set(Direction::Upload, 0.0);
        assert!(limit.try_turn(Direction::Upload, 0).is_some(), "a turn that nobody has");
    });
}
