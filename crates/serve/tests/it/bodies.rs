//! `read_capped` behind a real connection: what the client reads, and what becomes of its connection.

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use serve::body::{DISCARD_BYTES, read_capped};

use super::client::{GET, PATIENCE, until};
use super::server::{Answered, SHORT, Server, patient};

const LIMIT: usize = 16 * 1024;

/// Answers with the body's length, or why there is none.
async fn length(request: Request<Incoming>) -> Answered {
    let timeout = if request.headers().contains_key("x-hurry") { SHORT } else { PATIENCE };
    let (status, text) = match read_capped(request.into_body(), LIMIT, timeout).await {
        Ok(body) => (200, body.len().to_string()),
        Err(error) => (error.status().as_u16(), error.code().to_owned()),
    };
    Ok(Response::builder().status(status).body(Full::from(text)).expect("a valid answer"))
}

fn post(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nhost: sanaq.test\r\ncontent-length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_read() {
    let server = Server::start(patient(), length).await;
    let mut client = server.client().await;
    for bytes in [0, 1, LIMIT] {
        client.send(post(bytes) + &"x".repeat(bytes)).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body), (200, bytes.to_string().into_bytes()));
    }
}

#[tokio::test]
async fn after_a_413_the_connection_is_usable() {
    let server = Server::start(patient(), length).await;
    let mut client = server.client().await;
    let chunk = "x".repeat(4096);
    let chunked = "POST / HTTP/1.1\r\nhost: sanaq.test\r\ntransfer-encoding: chunked\r\n\r\n".to_owned()
        + &format!("1000\r\n{chunk}\r\n").repeat(20)
        + "0\r\n\r\n";
    for request in [post(LIMIT + 1) + &"x".repeat(LIMIT + 1), post(200_000) + &"x".repeat(200_000), chunked] {
        client.send(request).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_slice()), (413, b"body_too_large".as_slice()));
        client.send(GET).await;
        assert_eq!(client.answer().await.status, 200);
    }
    assert_eq!(server.open(), 1);
}

#[tokio::test]
async fn a_far_too_large_body_is_answered_before_it_is_sent() {
    let server = Server::start(patient(), length).await;
    let mut client = server.client().await;
    client.send(post(LIMIT + DISCARD_BYTES + 1)).await;
    assert_eq!(client.answer().await.status, 413);
    client.closed().await;
}

#[tokio::test]
async fn a_client_that_sends_on_regardless_is_heard_out_for_a_while() {
    let server = Server::start(patient(), length).await;
    let mut client = server.client().await;
    client.send(post(1 << 30)).await;
    assert_eq!(client.answer().await.status, 413);
    // A client that can't send on often gives up without having read its answer.
    for _ in 0..100 {
        assert!(client.try_send("x".repeat(1000)).await, "cut off");
    }
    client.closed_without_reset().await;
    // But not for ever.
    until("it is over", || server.ended("closed") + server.ended("broken") == 1).await;
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_answered_with_408() {
    let server = Server::start(patient(), length).await;
    let mut client = server.client().await;
    client.send("POST / HTTP/1.1\r\nhost: sanaq.test\r\nx-hurry: 1\r\ncontent-length: 10\r\n\r\nx").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_slice()), (408, b"body_timed_out".as_slice()));
    client.closed().await;
}
