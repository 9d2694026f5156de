//! The published crate `plausible-rs`, unmodified. Its address is fixed (`https://plausible.io`), so the test gives it a client for
//! which that name is here, behind a proxy that ends TLS as one does in front of a real collector.

use std::collections::HashMap;
use std::sync::Arc;

use plausible_rs::{EventHeaders, EventPayload, PAGEVIEW_EVENT, Plausible, PropValue};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{AGENT, SITE, eventually, start};

const NAME: &str = "plausible.io";

/// A client for which that name is a proxy to `target`; the proxy lives as long as the set.
async fn client(target: String, proxy: &mut JoinSet<()>) -> reqwest::Client {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let certificate = reqwest::Certificate::from_der(made.cert.der()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.into()], key).unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let here = listener.local_addr().unwrap();
    proxy.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut inside = TcpStream::connect(&target).await.unwrap();
            if let Ok(mut outside) = acceptor.accept(stream).await {
                // How the connection ends is the client's affair; one at a time is enough here.
                let _ended = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        }
    });
    reqwest::Client::builder()
        .resolve(NAME, here)
        .add_root_certificate(certificate)
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_crate_plausible_rs_sends_is_counted() {
    let (installation, process) = start(&[]).await;
    let key = installation.add_key(SITE).await;
    let mut proxy = JoinSet::new();
    let target = process.at.public.trim_start_matches("http://").to_owned();
    let plausible = Plausible::new_with_client(client(target, &mut proxy).await);
    for (visitor, name) in
        [("203.0.113.1", PAGEVIEW_EVENT), ("203.0.113.2", PAGEVIEW_EVENT), ("203.0.113.2", "Signup")]
    {
        let payload = EventPayload::builder(SITE.to_owned(), name.to_owned(), format!("https://{SITE}/test"))
            .referrer("https://t.me/sanaq".to_owned())
            .screen_width(2560)
            .props(HashMap::from([("plan".to_owned(), PropValue::from("pro".to_owned()))]))
            .build();
        let answer =
            plausible.event(EventHeaders::new(AGENT.to_owned(), visitor.to_owned()), payload).await.unwrap();
        assert_eq!(&answer[..], b"ok");
    }
    let question = json!({"site_id": SITE, "metrics": ["visitors", "pageviews", "events"], "date_range": "day",
        "dimensions": ["visit:source"]});
    eventually("two visitors from Telegram", async || {
        let answer = process.query(&key, &question).await;
        let row = &answer["results"][0];
        (row["dimensions"] == json!(["Telegram"]) && row["metrics"] == json!([2, 2, 3])).then_some(())
    })
    .await;
    process.stop(rustix::process::Signal::TERM).await;
}
