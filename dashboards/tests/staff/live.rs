//! The live pulse: at once, at each change, and never longer than it should.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use dashboards::control::Author;
use futures_util::StreamExt;
use http::StatusCode;
use serve::listener::{Drained, Limits, Listener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::harness::{Browser, Harness, request};

async fn open(harness: &Harness, browser: &Browser) -> BodyDataStream {
    let request = request("GET", "/api/sites/a.kz/live", Some(browser), None);
    let response = harness.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    Body::into_data_stream(response.into_body())
}

/// The next piece, none at the end of the stream.
async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let piece = tokio::time::timeout(Duration::from_secs(60), stream.next()).await.expect("in time");
    piece.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap())
}

fn pulse(current_visitors: u64) -> String {
    format!(
        "event: pulse\ndata: {{\"current_visitors\":{current_visitors},\"events_today\":7,\"beacons_today\":8}}\n\n"
    )
}

#[tokio::test(start_paused = true)]
async fn the_pulse_comes_at_once_and_at_each_change_with_heartbeats_between() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let mut first = open(&harness, &viewer).await;
    assert_eq!(next(&mut first).await, Some(pulse(0)));
    harness.asker.current_visitors.store(3, Ordering::SeqCst);
    assert_eq!(next(&mut first).await, Some(pulse(3)));
    // A second watcher is told what is known already.
    let mut second = open(&harness, &viewer).await;
    assert_eq!(next(&mut second).await, Some(pulse(3)));
    // Quiet: the next thing is a comment.
    assert_eq!(next(&mut first).await.as_deref(), Some(": \n\n"));
}

#[tokio::test(start_paused = true)]
async fn the_last_figures_stand_while_clickhouse_is_away() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let mut stream = open(&harness, &viewer).await;
    assert_eq!(next(&mut stream).await, Some(pulse(0)));
    harness.asker.away.store(true, Ordering::SeqCst);
    harness.asker.current_visitors.store(5, Ordering::SeqCst);
    assert_eq!(next(&mut stream).await.as_deref(), Some(": \n\n"));
    harness.asker.away.store(false, Ordering::SeqCst);
    assert_eq!(next(&mut stream).await, Some(pulse(5)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_session_behind_it() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let mut stream = open(&harness, &viewer).await;
    assert_eq!(next(&mut stream).await, Some(pulse(0)));
    harness.send(request("DELETE", "/api/session", Some(&viewer), None)).await;
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_site() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let mut stream = open(&harness, &viewer).await;
    assert_eq!(next(&mut stream).await, Some(pulse(0)));
    harness.control.remove_site(Author::Console, "a.kz").unwrap();
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_end_of_the_server() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let limits = Limits { drain_timeout: Duration::from_secs(30), ..Limits::default() };
    let listener = Listener::bind("127.0.0.1:0", limits).await.unwrap();
    let address = listener.local_address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = harness.dashboards.run(listener, async move {
        let _ = stopped.await;
    });
    let client = async {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let ask = format!(
            "GET /api/sites/a.kz/live HTTP/1.1\r\nhost: {address}\r\ncookie: sanaq_session={}\r\n\r\n",
            viewer.session
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains("event: pulse") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "{}", String::from_utf8_lossy(&read));
        }
        stop.send(()).unwrap();
        stream.read_to_end(&mut read).await.unwrap();
        read
    };
    let both = async { tokio::join!(server, client) };
    let (drained, read) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("in time");
    assert_eq!(drained, Drained::Clean);
    assert!(read.ends_with(b"\r\n0\r\n\r\n"), "the stream ended properly");
}
