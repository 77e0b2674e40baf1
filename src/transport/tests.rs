//! Connections against sockets of the standard library.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::wire::mse::{Ciphers, Rc4};

const WINDOW: usize = 1 << 20;
/// A test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The caller of a few connections.
struct Caller {
    inbox: Arc<Inbox>,
    wakes: Receiver<()>,
    /// What was told of each source and nobody has waited for.
    told: RefCell<HashMap<u64, Events>>,
}

impl Caller {
    fn new() -> Self {
        let (sender, wakes) = channel();
        let runtime = Runtime::shared().unwrap();
        let inbox = Inbox::new(runtime, move || {
            let _ = sender.send(());
        });
        Self { inbox, wakes, told: RefCell::default() }
    }

    /// Comes once, when woken; gives what was new.
    fn come(&self) -> Vec<Record> {
        self.wakes.recv_timeout(PATIENCE).expect("nothing new");
        self.look()
    }

    /// Comes until nothing is new.
    fn look(&self) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            self.inbox.begin();
            records.extend(std::iter::from_fn(|| self.inbox.next()));
            if self.inbox.rest() {
                break;
            }
        }
        let mut told = self.told.borrow_mut();
        for record in &records {
            let events = told.entry(record.name).or_default();
            *events = *events | record.events;
        }
        records
    }

    /// What was told of a source and nobody has waited for.
    fn told(&self, name: u64) -> Events {
        self.told.borrow().get(&name).copied().unwrap_or_default()
    }

    /// Comes until `events` of the source `name` are told; gives all that was told of it.
    fn wait(&self, name: u64, events: Events) -> Events {
        while !self.told(name).has(events) {
            self.come();
        }
        self.told.borrow_mut().remove(&name).unwrap_or_default()
    }

    fn connect(&self, name: u64, remote: SocketAddr) -> Arc<Connection> {
        Connection::open(
            &self.inbox,
            name,
            Origin::Connect { remote, local: None, proxied: None },
            WINDOW,
            None,
        )
    }

    /// A connection to a socket of the standard library.
    fn pair(&self, name: u64) -> (Arc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = self.connect(name, listener.local_addr().unwrap());
        let (peer, _) = listener.accept().unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        self.wait(name, Events::OPENED);
        (connection, peer)
    }

    /// Takes exactly `length` bytes.
    fn take(&self, connection: &Connection, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        loop {
            filled += connection.take(&mut bytes[filled..]);
            if filled == length {
                return bytes;
            }
            self.come();
        }
    }
}

/// Waits until something that other threads do is done.
fn until(what: &str, is_done: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + i / 251) as u8).collect()
}

fn ciphers() -> Ciphers {
    Ciphers { encrypt: Rc4::new(b"there"), decrypt: Rc4::new(b"back") }
}

#[test]
fn bytes_go_both_ways() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let sent = pattern(3 << 20);
    let echo = thread::spawn({
        let length = sent.len();
        move || {
            let mut bytes = vec![0; length];
            peer.read_exact(&mut bytes).unwrap();
            peer.write_all(&bytes).unwrap();
            peer
        }
    });
    connection.write(&sent);
    let (queued, is_full) = connection.flush();
    assert!(queued > 0 && is_full);
    assert!(caller.take(&connection, sent.len()) == sent);
    drop(echo.join().unwrap());
    caller.wait(1, Events::ENDED);
    connection.end();
    caller.wait(1, Events::CLOSED);
    assert_eq!(connection.take_fault(), None);
}

#[test]
fn little_leaves_within_the_call() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    until("the writer waits", || {
        connection.write(b"x");
        connection.flush().0 == 0
    });
    connection.write(b"end");
    connection.flush();
    connection.end();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    assert!(bytes.ends_with(b"xend"));
}

#[test]
fn reading_stops_at_the_window_and_goes_on_with_what_is_taken() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let sent = pattern(16 << 20);
    let writer = thread::spawn({
        let sent = sent.clone();
        move || peer.write_all(&sent)
    });
    until("the window is full", || connection.available() + 64 * 1024 > WINDOW);
    assert!(connection.available() <= WINDOW);
    assert!(caller.take(&connection, sent.len()) == sent);
    writer.join().unwrap().unwrap();
}

#[test]
fn a_paused_connection_tells_of_nothing() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    connection.pause();
    peer.write_all(b"one").unwrap();
    // Whatever was told of it would come before this.
    let (other, mut other_peer) = caller.pair(2);
    other_peer.write_all(b"two").unwrap();
    caller.wait(2, Events::BYTES);
    drop(other);
    assert_eq!(caller.told(1), Events::default());
    connection.resume();
    assert_eq!(caller.take(&connection, 3), b"one");
}

#[test]
fn drained_is_told_to_who_had_to_stop() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let sent = pattern(8 << 20);
    connection.write(&sent);
    assert!(connection.flush().1);
    let reader = thread::spawn({
        let length = sent.len();
        move || {
            let mut bytes = vec![0; length];
            peer.read_exact(&mut bytes).unwrap();
            bytes
        }
    });
    caller.wait(1, Events::DRAINED);
    assert!(!connection.flush().1);
    assert!(reader.join().unwrap() == sent);
}

#[test]
fn ciphers_begin_between_two_bytes() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let plain = pattern(300_000);
    let mut sent = plain.clone();
    Rc4::new(b"back").apply_in_place(&mut sent);
    // Some of what is to be decrypted is here before the cipher is, and some comes after it.
    peer.write_all(&sent[..1000]).unwrap();
    until("the first bytes are here", || connection.available() == 1000);
    connection.write(b"plain");
    connection.encrypt(ciphers(), WINDOW);
    connection.write(&plain);
    connection.flush();
    connection.end();
    let rest = thread::spawn({
        let sent = sent.clone();
        move || {
            peer.write_all(&sent[1000..]).unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            let mut bytes = Vec::new();
            peer.read_to_end(&mut bytes).unwrap();
            bytes
        }
    });
    assert!(caller.take(&connection, plain.len()) == plain);
    let mut received = rest.join().unwrap();
    assert_eq!(&received[..5], b"plain");
    Rc4::new(b"there").apply_in_place(&mut received[5..]);
    assert!(received[5..] == plain);
}

#[test]
fn little_that_is_encrypted_keeps_its_place() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    connection.encrypt(ciphers(), WINDOW);
    let sent = pattern(400_000);
    let lengths = [1, 7, 100, 5000, 1, 70_000, 3];
    let mut at = 0;
    for length in lengths.into_iter().cycle() {
        let end = (at + length).min(sent.len());
        connection.write(&sent[at..end]);
        connection.flush();
        at = end;
        if at == sent.len() {
            break;
        }
    }
    connection.end();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    Rc4::new(b"there").apply_in_place(&mut received);
    assert!(received == sent);
}

#[test]
fn either_side_may_end_first() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    peer.shutdown(Shutdown::Write).unwrap();
    caller.wait(1, Events::ENDED);
    connection.write(b"after the peer's end");
    connection.flush();
    connection.end();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"after the peer's end");
    caller.wait(1, Events::CLOSED);

    let (connection, mut peer) = caller.pair(2);
    connection.end();
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    peer.write_all(b"after our end").unwrap();
    drop(peer);
    caller.wait(2, Events::CLOSED);
    assert_eq!(caller.take(&connection, 13), b"after our end");
}

#[test]
fn what_was_written_before_the_end_arrives() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let sent = pattern(5 << 20);
    connection.write(&sent);
    connection.flush();
    connection.finish();
    peer.write_all(b"nobody reads this").unwrap();
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    assert!(bytes == sent);
    drop(peer);
    caller.wait(1, Events::CLOSED);
    assert_eq!(connection.take_fault(), None);
    assert_eq!(connection.available(), 0);
}

#[test]
fn a_reset_is_seen_as_such() {
    let caller = Caller::new();
    let (connection, peer) = caller.pair(1);
    socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let told = caller.wait(1, Events::CLOSED);
    assert!(told.has(Events::FAILED));
    let fault = connection.take_fault().unwrap();
    assert_eq!((fault.operation, fault.code), (Operation::Read, Some("ECONNRESET")));
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    let caller = Caller::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let connection = caller.connect(1, address);
    let told = caller.wait(1, Events::CLOSED);
    assert!(told.has(Events::FAILED) && !told.has(Events::OPENED));
    let fault = connection.take_fault().unwrap();
    assert_eq!((fault.operation, fault.code), (Operation::Connect, Some("ECONNREFUSED")));
    assert_eq!(connection.endpoints(), None);
}

#[test]
fn destroyed_in_every_state_it_closes() {
    let caller = Caller::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();

    caller.connect(1, address).destroy();
    caller.wait(1, Events::CLOSED);

    let (connection, mut peer) = caller.pair(2);
    connection.write(&pattern(4 << 20));
    connection.flush();
    connection.destroy();
    caller.wait(2, Events::CLOSED);
    // All that is left is what the systems had of it.
    let mut bytes = Vec::new();
    let _ = peer.read_to_end(&mut bytes);
    assert!(bytes.len() < 4 << 20);

    let (connection, mut peer) = caller.pair(3);
    peer.write_all(b"unread").unwrap();
    until("it is here", || connection.available() == 6);
    connection.destroy();
    assert_eq!(connection.available(), 0);
    caller.wait(3, Events::CLOSED);
}

#[test]
fn a_released_connection_tells_nothing() {
    let caller = Caller::new();
    let (connection, mut peer) = caller.pair(1);
    let source = Source::Connection(connection);
    source.release();
    peer.write_all(b"unheard").unwrap();
    let (_other, mut other_peer) = caller.pair(2);
    other_peer.write_all(b"heard").unwrap();
    loop {
        let records = caller.come();
        assert!(records.iter().all(|record| record.name == 2));
        if records.iter().any(|record| record.available == 5) {
            break;
        }
    }
    source.destroy();
}

#[test]
fn many_are_told_of_with_one_wake_up() {
    let caller = Caller::new();
    let pairs: Vec<_> = (0..20).map(|name| caller.pair(name)).collect();
    while caller.wakes.try_recv().is_ok() {
        caller.look();
    }
    for (_, peer) in &pairs {
        (&*peer).write_all(b"x").unwrap();
    }
    until("all have read", || pairs.iter().all(|(connection, _)| connection.available() == 1));
    caller.wakes.recv_timeout(PATIENCE).unwrap();
    assert!(caller.wakes.try_recv().is_err(), "woken twice");
    let mut names: Vec<_> = caller.look().iter().map(|record| record.name).collect();
    names.sort_unstable();
    assert_eq!(names, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_listener_accepts_and_closes() {
    let caller = Caller::new();
    let address = "127.0.0.1:0".parse().unwrap();
    let options = ListenOptions { address, backlog: 16, ipv6_only: false };
    let listener = Listener::bind(&caller.inbox, 1, options).unwrap();
    let taken = ListenOptions { address: listener.address(), ..options };
    let fault = Listener::bind(&caller.inbox, 2, taken).map(|_| ()).unwrap_err();
    assert_eq!((fault.operation, fault.code), (Operation::Listen, Some("EADDRINUSE")));

    let mut peer = TcpStream::connect(listener.address()).unwrap();
    caller.wait(1, Events::ACCEPTED);
    let accepted = listener.accept().unwrap();
    assert_eq!(accepted.remote, peer.local_addr().unwrap());
    assert!(listener.accept().is_none());
    let origin = Origin::Accepted(accepted.stream);
    let connection = Connection::open(&caller.inbox, 3, origin, WINDOW, None);
    caller.wait(3, Events::OPENED);
    assert_eq!(connection.endpoints().unwrap().local, listener.address());
    peer.write_all(b"hello").unwrap();
    assert_eq!(caller.take(&connection, 5), b"hello");

    listener.close();
    caller.wait(1, Events::CLOSED);
    assert!(TcpStream::connect(listener.address()).is_err());
    peer.write_all(b" again").unwrap();
    assert_eq!(caller.take(&connection, 6), b" again");
}
