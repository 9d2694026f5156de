//! What comes in on a connection: heads, bodies, and where they end.
//!
//! The listener's HTTP and its reading of bodies, without the socket. Whatever comes, the connection ends when the client has said
//! all; a body is never longer than the limit; and what is answered does not depend on how the network cut the bytes into pieces.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serve::body::read_capped;
use serve::listener::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Longest body that is taken.
const LIMIT_BYTES: usize = 64;
/// Nothing takes this long: the whole input is there.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// The first byte says how the rest is cut.
pub fn run(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without sockets");
    let (whole, pieces) = runtime.block_on(async {
        let whole = conversation(&[bytes]).await;
        let pieces: Vec<&[u8]> = bytes.chunks(usize::from(cut % 32) + 1).collect();
        (whole, conversation(&pieces).await)
    });
    // Of what is no HTTP/1 hyper says so, or just hangs up: the beginning of HTTP/2 it knows only in one piece.
    assert_eq!(served(&whole), served(&pieces), "answers to the same bytes, cut differently");
    for (status, body) in whole {
        // What hyper refuses by itself has no body; what it leaves to the service is answered by the service.
        let expected = match status {
            200 => body.len() <= LIMIT_BYTES,
            400 => body.is_empty() || body == b"body_incomplete",
            413 => body == b"body_too_large",
            414 | 431 => body.is_empty(),
            _ => false,
        };
        assert!(expected, "{status} with {} bytes", body.len());
    }
}

/// The answers without a last word of hyper's own.
fn served(answers: &[(u16, Vec<u8>)]) -> &[(u16, Vec<u8>)] {
    match answers.split_last() {
        Some(((400, body), before)) if body.is_empty() => before,
        Some(_) | None => answers,
    }
}

/// All answers, status and body, to these pieces sent one after another and then the end.
async fn conversation(pieces: &[&[u8]]) -> Vec<(u16, Vec<u8>)> {
    let (client, server) = tokio::io::duplex(512);
    let serving = Limits::default().protocol().serve_connection(TokioIo::new(server), service_fn(echo));
    let (mut reading, mut writing) = tokio::io::split(client);
    let send = async {
        for piece in pieces {
            // It may have heard enough.
            if writing.write_all(piece).await.is_err() || writing.flush().await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _gone = writing.shutdown().await;
    };
    let mut heard = Vec::new();
    let all = async { tokio::join!(serving, send, reading.read_to_end(&mut heard)) };
    tokio::time::timeout(PATIENCE, all).await.map(drop).expect("the connection ends");
    answers(&heard)
}

/// The body again, or why there is none.
async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match read_capped(request.into_body(), LIMIT_BYTES, PATIENCE).await {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.status(), Bytes::from_static(error.code().as_bytes())),
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    Ok(answer)
}

/// Reads answers, each with its length. The last may be cut off: its client had gone.
fn answers(mut heard: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut all = Vec::new();
    while let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        heard = &heard[end + 4..];
        // Asked before it sends a body.
        if status == 100 {
            continue;
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let length = length.unwrap_or(0_usize).min(heard.len());
        all.push((status, heard[..length].to_vec()));
        heard = &heard[length..];
    }
    all
}
