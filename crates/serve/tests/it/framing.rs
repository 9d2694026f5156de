//! Requests that leave open where they end: whoever stands before us may see the end elsewhere, so nobody is served behind it.

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use serve::body::read_capped;

use super::client::{GET, PATIENCE, until};
use super::server::{Answered, SHORT, Server, patient};

/// Answers with the body, or why there is none.
async fn echo(request: Request<Incoming>) -> Answered {
    let answer = match read_capped(request.into_body(), 1024, PATIENCE).await {
        Ok(body) => Response::new(Full::from(body)),
        Err(error) => {
            let answer = Response::builder().status(error.status()).body(Full::from(error.code()));
            answer.expect("a valid answer")
        }
    };
    Ok(answer)
}

#[tokio::test]
async fn a_request_that_leaves_open_where_it_ends_is_refused_and_nothing_behind_it_served() {
    let server = Server::start(patient(), echo).await;
    let cases = [
        "content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "content-length: -1\r\n\r\n",
        "content-length: +1\r\n\r\na",
        "content-length: 1, 1\r\n\r\na",
        "content-length: 18446744073709551616\r\n\r\n",
        "transfer-encoding: gzip\r\n\r\n",
        "transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\na",
    ];
    for case in cases {
        let mut client = server.client().await;
        client.send(format!("POST / HTTP/1.1\r\nhost: sanaq.test\r\n{case}{GET}")).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 400, "{case:?}: {answer:?}");
        client.closed().await;
    }
    // Chunks count, as RFC 9112 has it, and whoever believes in the length gets no second answer.
    for case in [
        "content-length: 40\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 40\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ] {
        let mut client = server.client().await;
        client.send(format!("POST / HTTP/1.1\r\nhost: sanaq.test\r\n{case}{GET}")).await;
        assert_eq!(client.answer().await.body, b"a", "{case:?}");
        client.closed().await;
    }
    // The controls: the same with one end.
    for case in ["content-length: 1\r\n\r\na", "transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"] {
        let mut client = server.client().await;
        client.send(format!("POST / HTTP/1.1\r\nhost: sanaq.test\r\n{case}{GET}")).await;
        assert_eq!(client.answer().await.body, b"a", "{case:?}");
        assert_eq!(client.answer().await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_has_said_all_still_gets_its_answer() {
    // Which takes a while: by then the end has been seen.
    let late = |request| async {
        tokio::time::sleep(SHORT / 5).await;
        echo(request).await
    };
    let server = Server::start(patient(), late).await;
    let mut client = server.client().await;
    client.send("POST / HTTP/1.1\r\nhost: sanaq.test\r\ncontent-length: 1\r\n\r\na").await;
    client.half_close().await;
    assert_eq!(client.answer().await.body, b"a");
    client.closed_without_reset().await;
    let mut client = server.client().await;
    client.send("POST / HTTP/1.1\r\nhost: sanaq.test\r\ncontent-length: 2\r\n\r\na").await;
    client.half_close().await;
    assert_eq!(client.answer().await.body, b"body_incomplete");
    client.closed_without_reset().await;
    // One that says nothing at all is gone.
    let mut client = server.client().await;
    client.half_close().await;
    client.closed_without_reset().await;
    until("nobody is left", || server.open() == 0).await;
}
