//! `acquaint serve`: runs the server until a signal.

use crate::clock::Clock;
use crate::config::{Config, ServerConfig};
use crate::ingest::Ingest;
use crate::store::Db;
use crate::surface::{self, App};
use crate::{Error, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The buckets of all histograms, in seconds.
const BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5,
];

pub(super) async fn run(config: &Config, server: &ServerConfig) -> Result<()> {
    let (db, _) = super::open(config).await?;
    let listener = listen(server).await?;
    let (app, committer) = app(&db, Clock::default())?;
    tracing::info!(listen = %listener.local_addr()?, database = db.engine_name(), "serving");
    finish(listener, app, committer, &db).await
}

/// Opens the listener.
pub(super) async fn listen(server: &ServerConfig) -> Result<TcpListener> {
    let bound = TcpListener::bind(&server.listen).await;
    bound.map_err(|error| {
        Error::invalid(format!(
            "cannot listen on {}: {error}; choose another with `--listen`",
            server.listen
        ))
    })
}

/// The state of a server, and its committer task.
pub(super) fn app(db: &Db, clock: Clock) -> Result<(Arc<App>, JoinHandle<()>)> {
    let (ingest, committer) = Ingest::start(db.clone());
    let app = App::new(db.clone(), ingest, clock, Some(recorder()?))?;
    Ok((Arc::new(app), committer))
}

fn recorder() -> Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS);
    let broken = |_| Error::internal("metrics cannot be recorded");
    builder.map_err(broken)?.install_recorder().map_err(broken)
}

/// Serves until a signal, then finishes the requests and the committer, and closes the database.
pub(super) async fn finish(
    listener: TcpListener,
    app: Arc<App>,
    committer: JoinHandle<()>,
    db: &Db,
) -> Result<()> {
    surface::serve(listener, app, stopped()).await?;
    tracing::info!("stopping: writing what waits");
    // The router held the last sender of the queue, so the committer ends when the queue is empty.
    committer
        .await
        .map_err(|_| Error::internal("the committer failed"))?;
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Resolves on Ctrl-C and on SIGTERM, which service managers send.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} },
        Err(_) => drop(interrupt.await),
    }
}
