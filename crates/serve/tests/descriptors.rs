//! Running out of file descriptors. Its own binary with one test, because the limit is the process's.

use std::convert::Infallible;
use std::fs::File;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use rustix::process::{Resource, getrlimit, setrlimit};
use serve::listener::{Drained, Limits, Listener};
use serve::metrics::Registry;
use serve::signals::stopper;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// As a scrape would show it.
fn failures(registry: &Registry) -> u64 {
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).expect("metrics");
    let series = "sanaq_accept_failures_total{listener=\"test\"}";
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok()).expect("the series")
}

async fn get(client: &mut TcpStream) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nhost: sanaq.test\r\n\r\n").await.expect("the server takes it");
    let mut answer = [0; 1024];
    let read = tokio::time::timeout(Duration::from_secs(20), client.read(&mut answer)).await;
    String::from_utf8_lossy(&answer[..read.expect("in time").expect("an answer")]).into_owned()
}

#[tokio::test]
async fn a_listener_out_of_descriptors_waits_without_spinning_and_recovers() {
    let registry = Registry::new();
    let listener = Listener::bind("127.0.0.1:0", Limits::default()).await.unwrap();
    let address = listener.local_address();
    let listener = listener.counted(&registry, "test").unwrap();
    let (stopper, stop) = stopper();
    let service =
        || service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("salem"))) });
    let mut running = JoinSet::new();
    running.spawn(async move { listener.run(|_| service(), stop.requested()).await });

    let mut before = TcpStream::connect(&address).await.unwrap();
    assert!(get(&mut before).await.contains("200 OK"));

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(64);
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    // One for the client, none for the listener.
    hoard.pop();
    let mut client = TcpStream::connect(&address).await.unwrap();
    let began = std::time::Instant::now();
    while failures(&registry) < 5 {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "accepting does not fail: this test proves nothing"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The pauses double: 10 + 20 + 40 + 80 ms lie between five attempts.
    assert!(began.elapsed() >= Duration::from_millis(140), "five attempts in {:?}", began.elapsed());
    assert!(get(&mut before).await.contains("200 OK"), "who is in must not notice");

    drop(hoard);
    assert!(get(&mut client).await.contains("200 OK"));
    drop((before, client));
    stopper.stop();
    assert_eq!(running.join_next().await.unwrap().unwrap(), Drained::Clean);
}
