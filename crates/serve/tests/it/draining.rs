//! Stopping: who still gets an answer, and who is cut off.

use std::future::{pending, ready};
use std::time::Duration;

use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use serve::listener::{Drained, Limits, Listener};
use serve::signals::stopper;

use super::client::{Client, GET};
use super::server::{Answered, SHORT, Server, patient, salem};

#[tokio::test]
async fn a_request_in_progress_is_finished() {
    let (open_gate, gate) = stopper();
    let (entered, mut entries) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |_request| {
        let gate = gate.clone();
        entered.send(()).unwrap();
        async move {
            gate.requested().await;
            Ok(Response::new(Full::from("done")))
        }
    };
    let server = Server::start(patient(), handler).await;
    let mut client = server.client().await;
    client.send(GET).await;
    entries.recv().await.unwrap();
    server.stopper.stop();
    server.refuses().await;
    open_gate.stop();
    let answer = client.answer().await;
    assert_eq!(answer.body, b"done");
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    client.closed().await;
    assert_eq!(server.stopped().await, Drained::Clean);
}

#[tokio::test]
async fn idle_connections_do_not_hold_a_stop_up() {
    let server = Server::start(patient(), salem).await;
    let mut used = server.client().await;
    used.get().await;
    let mut fresh = server.client().await;
    assert_eq!(server.stopped().await, Drained::Clean);
    used.closed().await;
    fresh.closed().await;
}

#[tokio::test]
async fn what_is_not_done_at_the_deadline_is_cut_off_and_counted() {
    let (entered, mut entries) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |_request| {
        entered.send(()).unwrap();
        pending::<Answered>()
    };
    let server = Server::start(Limits { drain_timeout: SHORT, ..patient() }, handler).await;
    let mut clients = [server.client().await, server.client().await];
    for client in &mut clients {
        client.send(GET).await;
        entries.recv().await.unwrap();
    }
    assert_eq!(server.stopped().await, Drained::DeadlinePassed { remaining: 2 });
    for client in &mut clients {
        client.closed().await;
    }
}

#[tokio::test]
async fn whoever_the_kernel_let_in_before_the_stop_gets_an_answer() {
    let listener = Listener::bind("127.0.0.1:0", patient()).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = Client::connect(&listener.local_address()).await;
        client.send(GET).await;
        clients.push(client);
    }
    let drained = listener.run(|_| service_fn(salem), ready(())).await;
    assert_eq!(drained, Drained::Clean);
    for client in &mut clients {
        assert_eq!(client.answer().await.status, 200);
        client.closed().await;
    }
}

#[tokio::test]
async fn a_request_that_crosses_the_stop_gets_an_answer() {
    let server = Server::start(patient(), salem).await;
    let mut fresh = server.client().await;
    let mut used = server.client().await;
    used.get().await;
    server.stopper.stop();
    server.refuses().await;
    // The test is about this moment, in which the requests were under way.
    tokio::time::sleep(Duration::from_millis(20)).await;
    fresh.send(GET).await;
    used.send(GET).await;
    assert_eq!(fresh.answer().await.status, 200);
    assert_eq!(used.answer().await.status, 200);
    assert_eq!(server.stopped().await, Drained::Clean);
}

#[tokio::test]
async fn a_request_that_crosses_the_stop_has_as_long_as_any_other() {
    let (open_gate, gate) = stopper();
    let handler = move |_request| {
        let gate = gate.clone();
        async move {
            gate.requested().await;
            Ok(Response::new(Full::from("done")))
        }
    };
    let server = Server::start(patient(), handler).await;
    let mut witness = server.client().await;
    let mut client = server.client().await;
    server.stopper.stop();
    client.send(GET).await;
    // Whoever has no request is let go after a moment, which is then over for the other as well.
    witness.closed().await;
    open_gate.stop();
    assert_eq!(client.answer().await.body, b"done");
    assert_eq!(server.stopped().await, Drained::Clean);
}
