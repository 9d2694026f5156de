//! Heads and bodies that are too large, and requests that leave open where they end.

use super::raw::{Raw, beacon, head};
use super::{installed, settled};

const VISITOR: &str = "203.0.113.7";

/// What happens to the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Usable,
    Closed,
}

/// A beacon whose framing is these headers and this body.
fn framed(headers: &str, body: &str) -> String {
    format!("{}{headers}\r\n\r\n{body}", head(VISITOR))
}

fn chunked(body: &str) -> String {
    framed("transfer-encoding: chunked", body)
}

fn cases() -> Vec<(&'static str, String, u16, Then)> {
    use Then::{Closed, Usable};
    let large = |bytes: usize| framed(&format!("content-length: {bytes}"), &"x".repeat(bytes));
    let get = |rest: &str| format!("GET /livez HTTP/1.1\r\nhost: a\r\n{rest}\r\n");
    vec![
        ("a body over the limit, with a small rest", large(20_000), 413, Usable),
        (
            "the same, chunked",
            chunked(&format!("{:x}\r\n{}\r\n0\r\n\r\n", 20_000, "x".repeat(20_000))),
            413,
            Usable,
        ),
        ("a body far over the limit, unsent", framed("content-length: 1000000000", ""), 413, Closed),
        ("a head over the limit", get(&format!("x: {}\r\n", "y".repeat(40_000))), 431, Closed),
        ("more headers than anybody sends", get(&"a: b\r\n".repeat(200)), 431, Closed),
        (
            "length and chunks",
            framed("content-length: 4\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
            400,
            Closed,
        ),
        (
            "chunks and length",
            framed("transfer-encoding: chunked\r\ncontent-length: 4", "0\r\n\r\n"),
            400,
            Closed,
        ),
        ("two lengths", framed("content-length: 4\r\ncontent-length: 5", "abcde"), 400, Closed),
        ("a negative length", framed("content-length: -1", "{}"), 400, Closed),
        ("a length with a sign", framed("content-length: +2", "{}"), 400, Closed),
        ("a length that is none", framed("content-length: 0x2", "{}"), 400, Closed),
        ("a length beyond counting", framed("content-length: 18446744073709551616", "{}"), 400, Closed),
        ("an unknown encoding", framed("transfer-encoding: gzip", "{}"), 400, Closed),
        ("chunks that are not last", framed("transfer-encoding: chunked, gzip", "0\r\n\r\n"), 400, Closed),
        ("chunks for HTTP/1.0", chunked("0\r\n\r\n").replacen("HTTP/1.1", "HTTP/1.0", 1), 400, Closed),
        ("a chunk without a size", chunked("\r\n{}\r\n0\r\n\r\n"), 400, Closed),
        ("a chunk of a negative size", chunked("-2\r\n{}\r\n0\r\n\r\n"), 400, Closed),
        ("a chunk of a size beyond counting", chunked("fffffffffffffffff\r\n{}"), 400, Closed),
        ("a chunk longer than it says", chunked("2\r\n{}{}\r\n0\r\n\r\n"), 400, Closed),
        ("a blank before the colon", get("content-length : 0\r\n"), 400, Closed),
        ("a folded header", get("a: b\r\n c\r\n"), 400, Closed),
        ("a zero byte in a header", get("a: \0\r\n"), 400, Closed),
        ("another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(), 400, Closed),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_proper_request_gets_its_status_and_disturbs_nobody() {
    let (installation, _key) = installed(&[("SANAQ_BEACONS_BODY_SIZE", "16KiB")]).await;
    let process = installation.serve(&[]).await;
    let mut bystander = Raw::connect(&process).await;
    for (at, (what, bytes, status, then)) in cases().into_iter().enumerate() {
        let mut client = Raw::connect(&process).await;
        // It may be answered before all of it is sent.
        let _ = client.try_send(&bytes).await;
        let answer = client.try_answer().await.unwrap_or_else(|| panic!("{what}: no answer"));
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        match then {
            Then::Usable => {
                client.send(beacon(VISITOR, &format!("/after/{at}"))).await;
                assert_eq!(client.answer().await.status, 202, "{what}: the connection is usable");
            }
            Then::Closed => client.closed().await,
        }
        bystander.send(beacon(VISITOR, &format!("/beside/{at}"))).await;
        assert_eq!(bystander.answer().await.status, 202, "{what}: somebody else");
    }
    let text = process.metrics().await;
    assert_eq!(settled(&text, "refused", "body_too_large"), 3.0);
    let usable = cases().iter().filter(|case| case.3 == Then::Usable).count();
    assert_eq!(settled(&text, "stored", ""), (cases().len() + usable) as f64);
}

#[tokio::test(flavor = "multi_thread")]
async fn beacons_sent_without_waiting_are_answered_in_their_order() {
    let (installation, key) = installed(&[]).await;
    let process = installation.serve(&[]).await;
    let mut client = Raw::connect(&process).await;
    let paths: Vec<String> = (0..100).map(|at| format!("/pipelined/{at}")).collect();
    let mut all: String = paths.iter().map(|path| beacon(VISITOR, path)).collect();
    // The last tells whether they kept their order.
    all.push_str("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
    client.send(all).await;
    for _ in &paths {
        assert_eq!(client.answer().await.status, 202);
    }
    let last = client.answer().await;
    assert_eq!((last.status, last.body.as_str()), (200, "ok"));
    super::all_stored_once(&process, &key, &paths).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_said_all_it_will_say_still_gets_its_answer() {
    let (installation, key) = installed(&[]).await;
    let process = installation.serve(&[]).await;
    let mut client = Raw::connect(&process).await;
    client.send(beacon(VISITOR, "/half-open")).await;
    client.half_close().await;
    assert_eq!(client.answer().await.status, 202);
    client.closed().await;
    // One that ends within its body is refused: what is there is not all of it.
    let mut client = Raw::connect(&process).await;
    client.send(framed("content-length: 100", "{")).await;
    client.half_close().await;
    assert!(client.answer().await.body.contains("\"body_incomplete\""));
    client.closed().await;
    super::all_stored_once(&process, &key, &["/half-open".to_owned()]).await;
}
