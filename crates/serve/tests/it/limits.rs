//! Every limit of a listener, from the client's side.

use std::future::pending;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use serve::listener::{Limits, Listener, TowerToHyperService};
use serve::signals::stopper;
use tokio::task::JoinSet;

use super::client::{Client, until};
use super::server::{Answered, SHORT, Server, patient, salem};

#[tokio::test]
async fn connections_are_kept_alive_and_counted() {
    let server = Server::start(patient(), salem).await;
    let mut client = server.client().await;
    for _ in 0..3 {
        let answer = client.get().await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"salem".as_slice()));
    }
    assert_eq!(server.open(), 1);
    drop(client);
    until("the connection ends", || server.ended("closed") == 1).await;
    assert_eq!(server.open(), 0);
}

#[tokio::test]
async fn a_head_that_trickles_in_ends_the_connection() {
    let server = Server::start(Limits { head_timeout: SHORT, ..patient() }, salem).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\n").await;
    // Each byte comes well in time: it is the whole that counts.
    let trickle = async {
        while client.try_send("x").await {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    tokio::time::timeout(super::client::PATIENCE, trickle).await.expect("cut off");
    until("it is counted", || server.ended("head_timed_out") == 1).await;
}

#[tokio::test]
async fn a_second_head_has_no_more_time_than_the_first() {
    let server = Server::start(Limits { head_timeout: SHORT, ..patient() }, salem).await;
    let mut client = server.client().await;
    client.get().await;
    client.send("GET / HT").await;
    client.closed().await;
    until("it is counted", || server.ended("head_timed_out") == 1).await;
}

#[tokio::test]
async fn a_silent_client_is_not_waited_for() {
    let server = Server::start(Limits { head_timeout: SHORT, ..patient() }, salem).await;
    server.client().await.closed().await;
    until("it is counted", || server.ended("idle") == 1).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::start(Limits { idle_timeout: SHORT, ..patient() }, salem).await;
    let mut client = server.client().await;
    assert_eq!(client.get().await.status, 200);
    client.closed().await;
    until("it is counted", || server.ended("idle") == 1).await;
}

#[tokio::test]
async fn a_connection_may_idle_for_longer_than_a_head_may_take() {
    let server = Server::start(Limits { head_timeout: SHORT, ..patient() }, salem).await;
    let mut client = server.client().await;
    client.get().await;
    // By the time that a newcomer's time for its head is over, the first one's would be too.
    server.client().await.closed().await;
    assert_eq!(client.get().await.status, 200);
}

#[tokio::test]
async fn a_service_may_take_longer_than_a_head() {
    let (open_gate, gate) = stopper();
    let handler = move |_request| {
        let gate = gate.clone();
        async move {
            gate.requested().await;
            Ok(Response::new(Full::from("late")))
        }
    };
    let limits = Limits { head_timeout: SHORT, idle_timeout: SHORT, stall_timeout: SHORT, ..patient() };
    let server = Server::start(limits, handler).await;
    let mut client = server.client().await;
    client.send(super::client::GET).await;
    server.client().await.closed().await;
    open_gate.stop();
    assert_eq!(client.answer().await.body, b"late");
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    let server =
        Server::start(Limits { answer_timeout: SHORT, ..patient() }, |_| pending::<Answered>()).await;
    let mut client = server.client().await;
    client.send(super::client::GET).await;
    client.closed().await;
    until("it is counted", || server.ended("answer_timed_out") == 1).await;
}

/// More than the kernel's buffers on both sides hold.
const MUCH: usize = 64 << 20;

async fn much(_request: Request<Incoming>) -> Answered {
    Ok(Response::new(Full::from(Bytes::from_static(&[0; MUCH]))))
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_given_up() {
    let server = Server::start(Limits { stall_timeout: SHORT, ..patient() }, much).await;
    let mut client = server.client().await;
    client.send(super::client::GET).await;
    until("it is counted", || server.ended("stalled") == 1).await;
}

#[tokio::test]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    let limits = Limits { stall_timeout: SHORT * 4, idle_timeout: SHORT, ..patient() };
    let server = Server::start(limits, much).await;
    let mut client = server.client().await;
    let began = tokio::time::Instant::now();
    client.send(super::client::GET).await;
    let mut buffer = vec![0; 1 << 20];
    let mut got = 0;
    while got < MUCH {
        let read = client.swallow(&mut buffer).await;
        assert!(read > 0, "cut off after {got} bytes");
        got += read;
        // A slow reader is what this test is about. The last pieces come out of the kernel's buffers.
        if began.elapsed() < SHORT * 6 {
            tokio::time::sleep(SHORT / 10).await;
        }
    }
    assert!(began.elapsed() > SHORT * 4, "not slow enough to prove anything");
    assert_eq!(server.ended("stalled"), 0);
}

#[tokio::test]
async fn beyond_the_connection_limit_clients_are_told_to_come_back() {
    let server = Server::start(Limits { connections: 1, ..patient() }, salem).await;
    let mut first = server.client().await;
    first.get().await;
    for turned_away in 1..=10 {
        let mut second = server.client().await;
        // Not before it has asked: an answer to nothing looks like a fault.
        assert_eq!(first.get().await.status, 200);
        assert!(!second.has_heard());
        let answer = second.get().await;
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("retry-after: 5"), "{}", answer.head);
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
        assert!(String::from_utf8(answer.body).unwrap().contains("\"too_many_connections\""));
        second.closed_without_reset().await;
        until("it is counted", || server.ended("turned_away") == turned_away).await;
    }
    assert_eq!(server.open(), 1);
    assert_eq!(first.get().await.status, 200, "who is in notices nothing");
    drop(first);
    until("the place is free", || server.open() == 0).await;
    assert_eq!(server.client().await.get().await.status, 200);
}

#[tokio::test]
async fn clients_that_keep_silent_beyond_the_limit_do_not_hold_anybody_up() {
    let server = Server::start(Limits { connections: 1, ..patient() }, salem).await;
    let mut first = server.client().await;
    first.get().await;
    // More than are told at once.
    let mut silent = Vec::new();
    for _ in 0..600 {
        silent.push(server.client().await);
    }
    assert_eq!(server.client().await.get().await.status, 503);
    assert_eq!(first.get().await.status, 200);
}

#[tokio::test]
async fn whoever_keeps_silent_makes_room_for_whoever_does_not() {
    let server = Server::start(Limits { connections: 8, ..patient() }, salem).await;
    let mut busy = server.client().await;
    busy.get().await;
    let mut silent = Vec::new();
    for _ in 0..7 {
        silent.push(server.client().await);
    }
    until("all places are taken", || server.open() == 8).await;
    assert_eq!(server.client().await.get().await.status, 503);
    let newcomer = async {
        while server.client().await.get().await.status != 200 {
            busy.get().await;
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::time::timeout(super::client::PATIENCE, newcomer).await.expect("somebody makes room");
    assert!(server.ended("made_room") > 0);
    assert_eq!(busy.get().await.status, 200);
}

#[tokio::test]
async fn nobody_has_to_make_room_while_there_is_some() {
    let server =
        Server::start(Limits { connections: 64, head_timeout: SHORT * 16, ..patient() }, salem).await;
    let mut silent = server.client().await;
    // Longer than it would have had if places were scarce: until its time for a head is over.
    silent.closed().await;
    until("it is counted", || server.ended("idle") == 1).await;
    assert_eq!(server.ended("made_room"), 0);
}

#[tokio::test]
async fn a_head_over_the_limit_is_answered_with_431() {
    let server = Server::start(Limits { head_bytes: 16 * 1024, ..patient() }, salem).await;
    let head =
        |bytes: usize| format!("GET / HTTP/1.1\r\nhost: sanaq.test\r\nx: {}\r\n\r\n", "y".repeat(bytes));
    let mut client = server.client().await;
    client.send(head(15 * 1024)).await;
    assert_eq!(client.answer().await.status, 200);
    client.send(head(100 * 1024)).await;
    assert_eq!(client.answer().await.status, 431);
    client.closed_without_reset().await;
    until("it is counted", || server.ended("head_too_large") == 1).await;

    let mut many = server.client().await;
    many.send(format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200))).await;
    assert_eq!(many.answer().await.status, 431);
}

#[tokio::test]
async fn what_is_not_http_is_answered_with_400() {
    let server = Server::start(patient(), salem).await;
    for nonsense in
        ["\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"]
    {
        let mut client = server.client().await;
        client.send(nonsense).await;
        assert_eq!(client.answer().await.status, 400, "{nonsense:?}");
        client.closed().await;
    }
    until("they are counted", || server.ended("malformed") == 3).await;
}

#[tokio::test]
async fn a_service_that_panics_takes_only_its_connection_along() {
    async fn touchy(request: Request<Incoming>) -> Answered {
        assert_ne!(request.uri().path(), "/panic", "as this test wants it");
        salem(request).await
    }
    let server = Server::start(patient(), touchy).await;
    let mut bystander = server.client().await;
    bystander.get().await;
    let mut client = server.client().await;
    client.send("GET /panic HTTP/1.1\r\nhost: sanaq.test\r\n\r\n").await;
    client.closed().await;
    until("it is counted", || server.ended("panicked") == 1).await;
    assert_eq!(bystander.get().await.status, 200);
    assert_eq!(server.client().await.get().await.status, 200);
    until("only the bystander is left", || server.open() == 1).await;
}

#[tokio::test]
async fn a_tower_service_is_served_like_any_other() {
    let router = tower::service_fn(salem);
    let listener = Listener::bind("127.0.0.1:0", patient()).await.unwrap();
    let (address, (_stopper, stop)) = (listener.local_address(), stopper());
    let mut running = JoinSet::new();
    running.spawn(listener.run(move |_| TowerToHyperService::new(router), stop.requested()));
    assert_eq!(Client::connect(&address).await.get().await.body, b"salem");
}

#[tokio::test]
async fn the_service_is_made_from_the_connection() {
    let listener = Listener::bind("127.0.0.1:0", patient()).await.unwrap();
    let (address, (_stopper, stop)) = (listener.local_address(), stopper());
    let mut running = JoinSet::new();
    let accept = |stream: &tokio::net::TcpStream| {
        let peer_port = stream.peer_addr().unwrap().port();
        service_fn(move |_| async move { Answered::Ok(Response::new(Full::from(peer_port.to_string()))) })
    };
    running.spawn(listener.run(accept, stop.requested()));
    let mut client = Client::connect(&address).await;
    let answer = client.get().await;
    assert_eq!(answer.body, client.local_port().to_string().into_bytes());
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_it() {
    let first = Listener::bind("127.0.0.1:0", patient()).await.unwrap();
    let error = Listener::bind(&first.local_address(), patient()).await.unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&first.local_address()));
}
