//! The server: one thread that listens, and ends with its owner.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::answer::Desk;
use super::error::ServeError;
use super::guard::Guard;
use super::live::Live;
use super::page;
use super::shelf::Shelf;

/// The port where none is named.
const PORT: u16 = 4848;

/// How many connections there may be at once.
const CONNECTIONS: usize = 64;

/// How long a connection may take to say what it asks for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a page is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    socket: SocketAddr,
    /// Whether another port will do where this one is taken.
    any_port: bool,
}

impl Default for Address {
    /// Returns the usual address on this machine.
    fn default() -> Self {
        let socket = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        Self { socket, any_port: true }
    }
}

impl std::str::FromStr for Address {
    type Err = String;

    /// Reads an address as the command line writes it: `8080`, `0.0.0.0:8080`, `[::1]:8080`,
    /// `localhost:8080`, or an address without a port.
    fn from_str(text: &str) -> Result<Self, String> {
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let port =
            text.strip_prefix("localhost:").or(text.strip_prefix(':')).unwrap_or(text);
        if let Ok(port) = port.parse::<u16>() {
            return Ok(Self { socket: (here, port).into(), any_port: false });
        }
        if let Ok(socket) = text.parse() {
            return Ok(Self { socket, any_port: false });
        }
        let address = if text == "localhost" { Ok(here) } else { text.parse::<IpAddr>() };
        address.map(|address| Self { socket: (address, PORT).into(), any_port: true }).map_err(
            |_| {
                format!(
                    "`{text}` is no address: 8080, 127.0.0.1:8080 or 0.0.0.0:8080 is one; \
                     a file stands before --serve"
                )
            },
        )
    }
}

/// A page that is served until this is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the page of a state.
    ///
    /// # Errors
    ///
    /// When the address is taken or not of this machine, or the system gives no thread.
    pub fn start(address: Address, live: Arc<Live>) -> Result<Self, ServeError> {
        let listener = listen(address)?;
        let system = |error: std::io::Error| ServeError::System(error.to_string());
        let bound = listener.local_addr().map_err(system)?;
        let token = if bound.ip().is_loopback() { None } else { Some(page::word()?) };
        let url = match &token {
            None => format!("http://{bound}/"),
            Some(token) => format!("http://{bound}/{token}/"),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            .build()
            .map_err(system)?;
        let desk =
            Desk { guard: Guard { token }, live, shelf: Arc::new(Shelf::default()) };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, Arc::new(desk)) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_millis(200));
        };
        let thread = std::thread::Builder::new()
            .name("page".to_owned())
            .spawn(serve)
            .map_err(system)?;
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the address of the page, with the word that opens it if it needs one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _: Result<(), ()> = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn listen(address: Address) -> Result<TcpListener, ServeError> {
    let bind = |socket: SocketAddr| -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind(socket)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    let failed = |source| ServeError::Bind { address: address.socket, source };
    match bind(address.socket) {
        Ok(listener) => Ok(listener),
        Err(error)
            if address.any_port && error.kind() == std::io::ErrorKind::AddrInUse =>
        {
            bind(SocketAddr::new(address.socket.ip(), 0)).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Answers connections until it is dropped, and they with it.
async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // No more files may be open; some will be closed in a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let desk = Arc::clone(&desk);
        connections.spawn(async move {
            let answer = service_fn(|request| async {
                Ok::<_, Infallible>(desk.answer(request).await)
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), answer)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection to the page broke");
            }
            drop(seat);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_this_machine_unless_it_says_another() {
        for (text, socket) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("localhost", "127.0.0.1:4848"),
            ("0.0.0.0", "0.0.0.0:4848"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().socket.to_string(), socket);
        }
        for wrong in ["voting.crucible", "99999", "http://localhost:80", ""] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_told_where_it_was_named_and_changed_where_not() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = taken.local_addr().unwrap();
        let named = Address { socket, any_port: false };
        assert!(matches!(listen(named), Err(ServeError::Bind { .. })));
        assert!(listen(Address { socket, any_port: true }).is_ok());
    }
}
