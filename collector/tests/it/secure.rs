//! A ClickHouse behind `https`: reached when its certificate is vouched for, and else waited for.

use std::sync::Arc;
use std::time::Duration;

use collector::delivery::insert::{Inserter, Table};
use collector::delivery::verdict::ErrorClass;
use serve::access::{Authority, ClickHouseAccess, Connection};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::deliver::row;
use crate::scene::Scene;

const SECOND: Duration = Duration::from_secs(1);

/// What ends TLS before a server, as long as this lives; and its certificate in PEM.
struct Front {
    url: String,
    certificate: String,
    _tasks: JoinSet<()>,
}

impl Front {
    async fn of(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (acceptor, target) = (acceptor.clone(), target.clone());
                connections.spawn(async move {
                    // Who doesn't believe the certificate hangs up.
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let mut server = TcpStream::connect(target).await.unwrap();
                    let _hung_up = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { url, certificate: made.cert.pem(), _tasks: tasks }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_travels_over_tls_to_whom_the_configured_authority_vouches_for() {
    let scene = Scene::new("over_tls").await;
    let front = Front::of(&scene.wire.url).await;
    let file = scene.home.path().join("ca.pem");
    std::fs::write(&file, &front.certificate).unwrap();
    let authority = Some(Authority::read(&file).unwrap());
    let access = |authority| ClickHouseAccess {
        url: front.url.clone(),
        connection: Connection { authority, ..Connection::default() },
        ..scene.access.clone()
    };
    let inserter = Inserter::new(&access(authority), Table::Events, 5 * SECOND, 30 * SECOND);
    inserter.greet().await.unwrap();
    let rows = row("/a", 1);
    inserter.insert("token", rows.clone().into()).await.unwrap();
    inserter.insert("token", rows.clone().into()).await.unwrap();
    assert_eq!(scene.stored().await, (1, 1));

    // Nobody whom browsers believe vouches for it.
    let inserter = Inserter::new(&access(None), Table::Events, 5 * SECOND, 30 * SECOND);
    assert_eq!(inserter.insert("other", rows.into()).await, Err(ErrorClass::Network));
    assert_eq!(scene.stored().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_does_not_come_about_is_given_up() {
    let scene = Scene::new("no_connection").await;
    // A full queue of connections that nobody accepts: the kernel lets further ones wait.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SECOND / 5, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 100, "the queue does not fill up");
    }
    let access = ClickHouseAccess {
        url: format!("http://{address}"),
        connection: Connection { connect_timeout: SECOND / 5, ..Connection::default() },
        ..scene.access.clone()
    };
    let inserter = Inserter::new(&access, Table::Events, 60 * SECOND, 60 * SECOND);
    let given_up = tokio::time::timeout(20 * SECOND, inserter.insert("token", row("/a", 1).into())).await;
    assert_eq!(given_up.unwrap(), Err(ErrorClass::Network));
}
