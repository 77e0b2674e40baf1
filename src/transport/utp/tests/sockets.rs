//! Sockets on this machine, as the transport uses them.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;
use crate::transport::utp::{BindOptions, Endpoint};
use crate::transport::{Connection, Events, Inbox, Origin, Record, Runtime};

/// A test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const SERVER: u64 = 1;
const CLIENT: u64 = 2;
const ACCEPTED: u64 = 3;
const CONNECTED: u64 = 4;

struct Caller {
    inbox: Arc<Inbox>,
    wakes: Receiver<()>,
}

impl Caller {
    fn new() -> Self {
        let (sender, wakes) = channel();
        let inbox = Inbox::new(Runtime::shared().unwrap(), move || {
            let _ = sender.send(());
        });
        Self { inbox, wakes }
    }

    fn come(&self) -> Vec<Record> {
        self.wakes.recv_timeout(PATIENCE).expect("nothing new");
        let mut records = Vec::new();
        loop {
            self.inbox.begin();
            records.extend(std::iter::from_fn(|| self.inbox.next()));
            if self.inbox.rest() {
                return records;
            }
        }
    }

    fn wait(&self, name: u64, events: Events) {
        let mut told = Events::default();
        while !told.has(events) {
            for record in self.come() {
                if record.name == name {
                    told = told | record.events;
                }
            }
        }
    }

    fn bind(&self, name: u64) -> Arc<Endpoint> {
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        Endpoint::bind(&self.inbox, name, BindOptions { address, ipv6_only: false }).unwrap()
    }

    fn open(&self, name: u64, origin: Origin) -> Arc<Connection> {
        Connection::open(&self.inbox, name, origin, 1 << 20, None)
    }

    /// Takes all until the end.
    fn read(&self, name: u64, connection: &Connection) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let records = self.come();
            let mut bytes = vec![0; connection.available()];
            let length = connection.take(&mut bytes);
            all.extend_from_slice(&bytes[..length]);
            if records.iter().any(|record| record.name == name && record.events.has(Events::ENDED))
            {
                let mut bytes = vec![0; connection.available()];
                let length = connection.take(&mut bytes);
                all.extend_from_slice(&bytes[..length]);
                return all;
            }
        }
    }
}

#[test]
fn a_connection_from_its_syn_to_its_end() {
    let caller = Caller::new();
    let (server, client) = (caller.bind(SERVER), caller.bind(CLIENT));
    server.set_accepting(true);
    let remote = server.address();
    let connected = caller.open(CONNECTED, Origin::Utp { endpoint: client.clone(), remote });
    caller.wait(SERVER, Events::ACCEPTED);
    let accepted = server.accept().unwrap();
    assert_eq!(accepted.remote, client.address());
    let accepted = caller.open(ACCEPTED, Origin::Accepted(accepted.stream));
    let sent: Vec<u8> = (0..3 << 20).map(|at| content(0, at)).collect();
    connected.write(&sent);
    connected.flush();
    connected.end();
    assert!(caller.read(ACCEPTED, &accepted) == sent);
    accepted.end();
    caller.wait(ACCEPTED, Events::CLOSED);
    for endpoint in [&server, &client] {
        endpoint.close();
    }
    caller.wait(CLIENT, Events::CLOSED);
    // The port is free.
    UdpSocket::bind(client.address()).unwrap();
}

#[test]
fn strangers_take_few_places_and_get_few_answers() {
    let caller = Caller::new();
    let server = caller.bind(SERVER);
    server.set_accepting(true);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    stranger.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stranger.connect(server.address()).unwrap();
    let header = Header {
        kind: Kind::Syn,
        connection_id: 0,
        timestamp: 0,
        timestamp_difference: 0,
        window: 0,
        sequence: 1,
        acknowledged: 0,
    };
    let send = |header: Header| {
        let mut bytes = Vec::new();
        header.write(&[], &mut bytes);
        stranger.send(&bytes).unwrap();
        std::thread::yield_now();
    };
    let answers = || {
        let mut kinds = Vec::new();
        let mut buffer = [0; 1500];
        while let Ok(length) = stranger.recv(&mut buffer) {
            kinds.push(Packet::parse(&buffer[..length]).unwrap().header.kind);
        }
        kinds
    };
    for connection_id in (0..2000).step_by(2) {
        send(Header { connection_id, ..header });
    }
    let kinds = answers();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == Kind::State));
    assert!(server.held() <= 128, "{}", server.held());
    assert!(server.accept().is_none(), "nobody has shown that it hears us");

    let since = Instant::now();
    for connection_id in 30_000..31_000 {
        send(Header { kind: Kind::Data, connection_id, ..header });
    }
    let kinds = answers();
    let periods = since.elapsed().as_millis() as usize / 100 + 1;
    assert!(kinds.iter().all(|kind| *kind == Kind::Reset));
    assert!((1..=100 * periods).contains(&kinds.len()), "{} in {periods}", kinds.len());
    server.close();
    caller.wait(SERVER, Events::CLOSED);
}
