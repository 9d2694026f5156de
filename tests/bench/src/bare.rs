//! The yardstick: hyper reads the body and answers 202. The settings of its connections are the collector's; the rest it
//! leaves out: no time-outs, no limits, no headers but those hyper writes.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::process::Watched;

/// What the collector gives hyper for a head.
const HEAD_BYTES: usize = 16 * 1024;

/// Serves until it is killed. Its address is the first line it prints.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?)?;
        out.flush()?;
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            connections.spawn(
                http1::Builder::new()
                    .header_read_timeout(None)
                    .half_close(true)
                    .max_buf_size(HEAD_BYTES)
                    .max_header_size(HEAD_BYTES)
                    .serve_connection(TokioIo::new(stream), service_fn(answer)),
            );
            while connections.try_join_next().is_some() {}
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut body = request.into_body();
    while let Some(Ok(_frame)) = body.frame().await {}
    let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// The bare server as a child process.
pub(crate) struct Child {
    child: std::process::Child,
    address: String,
}

impl Child {
    /// Starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("its output is piped")?;
        let mut address = String::new();
        BufReader::new(out).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub(crate) fn watched(&self) -> Watched {
        Watched::new(self.child.id())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It holds nothing that could be lost.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
