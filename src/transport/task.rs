//! What runs for each connection, on the threads of the transport.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::sleep;

use super::connection::{Origin, Work};
use super::error::{Fault, Operation};
use super::outbound::{Chunk, write_some};
use super::pool::{SLAB_LENGTH, Slab};
use super::rate::Direction;
use super::stream::Stream;
use super::{Connection, Events, socks};

/// So much is read before the caller is told of it, if it does not end before.
const SIGNAL_LENGTH: usize = 256 * 1024;

/// How long nothing may move on a connection that was finished.
const LINGER: Duration = Duration::from_secs(10);

/// Tells of the end of a connection, however that comes.
pub(super) struct Closing(Arc<Connection>);

impl Closing {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.closed();
    }
}

/// How a stream comes to be: in memory of its own, which is free when it is there.
pub(super) type Opening = Pin<Box<dyn Future<Output = Result<Stream, Fault>> + Send>>;

/// The life of a connection.
pub(super) async fn run(closing: Closing, opening: Opening) {
    let connection = &closing.0;
    let lived = async {
        let stream = Arc::new(opening.await?);
        connection.opened(&stream)?;
        tokio::try_join!(read(connection, &stream), write(connection, &stream))
    };
    let result = tokio::select! {
        result = lived => result,
        () = linger(connection) => return,
    };
    if let Err(fault) = result {
        connection.fail(fault);
    }
}

/// Opens the stream.
pub(super) async fn open(origin: Origin) -> Result<Stream, Fault> {
    match origin {
        Origin::Connect { remote, local, proxied } => {
            let mut stream = connect(remote, local).await?;
            if let Some(proxied) = proxied {
                stream = socks::ask(stream, &proxied).await?;
            }
            Ok(Stream::Tcp(stream))
        }
        Origin::Utp { endpoint, remote } => {
            let fault = |error| Fault::new(Operation::Connect, &error);
            let stream = endpoint.connect(remote).map_err(fault)?;
            stream.connected().await.map_err(fault)?;
            Ok(Stream::Utp(stream))
        }
        Origin::Accepted(stream) => Ok(stream),
    }
}

async fn connect(
    remote: SocketAddr,
    local: Option<SocketAddr>,
) -> Result<tokio::net::TcpStream, Fault> {
    let fault = |operation| move |error| Fault::new(operation, &error);
    let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(fault(Operation::Connect))?;
    if let Some(local) = local {
        socket.bind(local).map_err(fault(Operation::Bind))?;
    }
    socket.connect(remote).await.map_err(fault(Operation::Connect))
}

/// Reads until the peer ends its side.
async fn read(connection: &Arc<Connection>, stream: &Stream) -> Result<(), Fault> {
    let fault = |error| Fault::new(Operation::Read, &error);
    loop {
        connection.until_credit().await;
        stream.readable().await.map_err(fault)?;
        let turn = connection.turn(Direction::Download).await;
        let read = read_all(connection, stream, turn.length());
        turn.passed(read.length);
        if read.is_untold && !connection.is_paused() {
            connection.tell(Events::BYTES);
        }
        if read.result.map_err(fault)? {
            connection.tell(Events::ENDED);
            return Ok(());
        }
        // Another connection, or the writer, may wait for this thread.
        if read.is_much {
            tokio::task::yield_now().await;
        }
    }
}

struct Read {
    /// Whether the stream has ended.
    result: io::Result<bool>,
    /// How many bytes it gave.
    length: usize,
    /// The caller does not know of all of it.
    is_untold: bool,
    /// There may be more at once.
    is_much: bool,
}

/// Reads what is there, as far as there is credit, but no more than `most` bytes and not for ever.
fn read_all(connection: &Arc<Connection>, stream: &Stream, most: usize) -> Read {
    let mut read = Read { result: Ok(false), length: 0, is_untold: false, is_much: false };
    for _ in 0..SIGNAL_LENGTH / SLAB_LENGTH {
        if read.length == most || !connection.may_read() {
            return read;
        }
        let mut slab = Slab::take();
        let room = SLAB_LENGTH.min(most - read.length);
        let length = match stream.try_read(&mut slab.free()[..room]) {
            Ok(0) => {
                read.result = Ok(true);
                return read;
            }
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                read.result = Err(error);
                return read;
            }
        };
        slab.filled(length);
        read.length += length;
        let available = connection.received(slab);
        read.is_untold = available > 0;
        // What does not fill the slab was all: the caller need not wait for the proof of it.
        if read.is_untold
            && (length < SLAB_LENGTH || available >= SIGNAL_LENGTH)
            && !connection.is_paused()
        {
            connection.tell(Events::BYTES);
            read.is_untold = false;
        }
    }
    read.is_much = true;
    read
}

/// Writes until the caller has ended our side.
async fn write(connection: &Arc<Connection>, stream: &Stream) -> Result<(), Fault> {
    let fault = |error| Fault::new(Operation::Write, &error);
    loop {
        match connection.next_work() {
            Work::None => connection.work.notified().await,
            Work::Write(batch) => write_all(connection, stream, batch).await.map_err(fault)?,
            Work::Encrypt(mut batch, cipher) => {
                if let Some(mut cipher) = cipher {
                    for chunk in &mut batch {
                        cipher.apply_in_place(chunk.slab.bytes_mut());
                    }
                    connection.return_cipher(cipher);
                }
                write_all(connection, stream, batch).await.map_err(fault)?;
            }
            Work::End => {
                return match stream.shut_down() {
                    // The reader tells what became of it.
                    Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
                    result => result.map_err(fault),
                };
            }
        }
    }
}

/// Writes a batch: in memory of its own, which an idle connection does without.
fn write_all(
    connection: &Arc<Connection>,
    stream: &Stream,
    batch: VecDeque<Chunk>,
) -> Pin<Box<impl Future<Output = io::Result<()>>>> {
    Box::pin(write_batch(connection, stream, batch))
}

async fn write_batch(
    connection: &Arc<Connection>,
    stream: &Stream,
    mut batch: VecDeque<Chunk>,
) -> io::Result<()> {
    while !batch.is_empty() {
        stream.writable().await?;
        let turn = connection.turn(Direction::Upload).await;
        let written = match write_some(stream, &mut batch, turn.length()) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        turn.passed(written);
        connection.wrote(written);
    }
    Ok(())
}

/// Ends when nothing has moved for a while on a connection that the caller has finished.
async fn linger(connection: &Connection) {
    connection.finish.notified().await;
    let mut written = connection.written();
    loop {
        // In memory of its own, which one that lives does without.
        Box::pin(sleep(LINGER)).await;
        let now = connection.written();
        if now == written {
            return;
        }
        written = now;
    }
}
