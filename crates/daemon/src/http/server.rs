//! The server: begun, stopped, and what its handlers share.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    middleware::from_fn,
    web,
};
use tokio::sync::watch;

use super::{
    access::{Gate, note_peer},
    answers,
    counters::Counters,
    desk::Desk,
    routes::{admit, routes},
    socket::Socket,
};

/// Threads that handle requests. What may block has others.
const WORKERS: usize = 2;
/// The most connections of each.
const CONNECTIONS: usize = 256;
/// How long requests that are under way may take when the server ends.
const GRACE_S: u64 = 5;

/// What handlers share.
pub(super) struct State {
    pub(super) desk: Desk,
    pub(super) gate: Gate,
    pub(super) requests: Counters,
    pub(super) stop: watch::Receiver<bool>,
    watchers: Arc<AtomicUsize>,
}

/// A stream that is open, as long as this is held.
pub(super) struct Watching(Arc<AtomicUsize>);

impl State {
    /// How many streams are open.
    pub(super) fn watchers(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    /// Counts a stream that is opened, if fewer than so many are.
    pub(super) fn watching(&self, most: usize) -> Option<Watching> {
        let open = |count: usize| (count < most).then_some(count + 1);
        let counted = self.watchers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, open);
        counted.ok().map(|_| Watching(Arc::clone(&self.watchers)))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A server that listens.
pub struct Serving {
    server: Server,
    figures: Option<Server>,
    stopper: Stopper,
    _socket: Socket,
}

/// Ends a server.
#[derive(Clone)]
pub struct Stopper {
    stop: Arc<watch::Sender<bool>>,
    handles: Vec<ServerHandle>,
}

/// Listens at the socket, and for `/metrics` alone at an address, if one is named. It has to be called, and what it gives to be run,
/// within a runtime.
pub fn serve(mut socket: Socket, desk: Desk, gate: Gate, figures: Option<SocketAddr>) -> io::Result<Serving> {
    let listener = socket.listener()?;
    let (stop, stopped) = watch::channel(false);
    let requests = Counters::default();
    let state = web::Data::new(State { desk, gate, requests, stop: stopped, watchers: Arc::default() });
    let of_figures = state.clone();
    let app = move || App::new().app_data(state.clone()).wrap(from_fn(admit)).configure(routes);
    let server = HttpServer::new(app)
        .workers(WORKERS)
        .max_connections(CONNECTIONS)
        .shutdown_timeout(GRACE_S)
        .disable_signals()
        // Of a socket that the library binds itself it does not tell who connects.
        .on_connect(note_peer)
        .listen_uds(listener)?
        .run();
    let figures = figures.map(|address| figures_at(address, of_figures)).transpose()?;
    let handles = figures.iter().chain([&server]).map(Server::handle).collect();
    let stopper = Stopper { stop: Arc::new(stop), handles };
    Ok(Serving { server, figures, stopper, _socket: socket })
}

/// Hands figures out to whoever reaches the address, and nothing else.
fn figures_at(address: SocketAddr, state: web::Data<State>) -> io::Result<Server> {
    let app = move || App::new().app_data(state.clone()).route("/metrics", web::get().to(answers::metrics));
    let server = HttpServer::new(app).workers(1).max_connections(CONNECTIONS).shutdown_timeout(GRACE_S);
    Ok(server.disable_signals().bind(address)?.run())
}

impl Serving {
    /// What ends it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until it is stopped; then the socket is gone.
    pub async fn run(self) -> io::Result<()> {
        let figures = self.figures.map(actix_web::rt::spawn);
        let served = self.server.await;
        if let Some(figures) = figures {
            // It was told to end with the other.
            let _ = figures.await;
        }
        served
    }
}

impl Stopper {
    /// Ends all streams at once, and everything else when its requests are answered or their grace is over.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        for handle in &self.handles {
            handle.stop(true).await;
        }
    }
}
