//! Behind a real nginx or Caddy a visitor is who the proxy saw, whatever the visitor's own headers say.
//!
//! A proxy on this machine sees every client at a loopback address. So the visitors here come from different addresses of
//! 127.0.0.0/8, all of them real peers of the proxy; the collector trusts the proxy's own address only.

#![allow(clippy::disallowed_types, reason = "clients at loopback addresses of their own")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::harness::beacon::{AGENT, pageview};
use crate::harness::eventually;
use crate::harness::process::{Installation, Process};

const SITE: &str = "proxies.example.kz";

/// A proxy of its own, ended with the test.
struct Proxy {
    child: Child,
    port: u16,
    #[allow(dead_code, reason = "its configuration and temporary files")]
    home: TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where Debian puts it; `make test` installs it.
fn program(paths: &[&str]) -> PathBuf {
    let found = paths.iter().map(Path::new).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{} is missing: run deploy/prepare.sh test", paths[0])).to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

async fn start(mut command: Command, port: u16, home: TempDir) -> Proxy {
    let log = std::fs::File::create(home.path().join("log")).unwrap();
    let mut child =
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    eventually("the proxy answers", async || {
        if let Some(status) = child.try_wait().unwrap() {
            panic!("{status}: {}", std::fs::read_to_string(home.path().join("log")).unwrap());
        }
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
    })
    .await;
    Proxy { child, port, home }
}

/// The configuration that deploy's documentation gives, cut to what a test needs.
async fn nginx(upstream: &str) -> Proxy {
    let (home, port) = (tempfile::tempdir().unwrap(), free_port());
    let at = home.path().display();
    let config = format!(
        "daemon off; master_process off; pid {at}/pid; error_log stderr;
         events {{ worker_connections 64; }}
         http {{
           access_log off;
           client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;
           uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
           server {{
             listen 127.0.0.1:{port};
             location / {{
               proxy_pass http://{upstream};
               proxy_bind 127.0.0.1;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
             }}
           }}
         }}"
    );
    std::fs::write(home.path().join("nginx.conf"), config).unwrap();
    let mut command = Command::new(program(&["/usr/sbin/nginx"]));
    command.arg("-p").arg(home.path()).arg("-c").arg(home.path().join("nginx.conf"));
    command.args(["-e", "stderr"]);
    start(command, port, home).await
}

async fn caddy(upstream: &str) -> Proxy {
    let (home, port) = (tempfile::tempdir().unwrap(), free_port());
    let config = format!(
        "{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n reverse_proxy {upstream}\n}}\n"
    );
    std::fs::write(home.path().join("Caddyfile"), config).unwrap();
    let mut command = Command::new(program(&["/usr/bin/caddy"]));
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(home.path().join("Caddyfile"));
    command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
    start(command, port, home).await
}

/// Posts a pageview from this loopback address to the proxy, with more headers.
async fn view(proxy: &Proxy, from: [u8; 4], headers: &str) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, proxy.port))).await.unwrap();
    let body = pageview(SITE, "/").to_string();
    let request = format!(
        "POST /api/event HTTP/1.1\r\nhost: stats.example.kz\r\ncontent-type: text/plain\r\nuser-agent: {AGENT}\r\n\
         connection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

/// Visitors so far, once this many views are in.
async fn visitors(process: &Process, key: &str, views: u64) -> u64 {
    let question = json!({ "site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": "all" });
    eventually("the views are counted", async || {
        let answer = process.query(key, &question).await;
        let metrics = &answer["results"][0]["metrics"];
        (metrics[1].as_u64() == Some(views)).then(|| metrics[0].as_u64().unwrap())
    })
    .await
}

async fn installed() -> (Installation, Process, String) {
    let mut installation = Installation::new();
    for (name, value) in &mut installation.environment {
        if *name == "SANAQ_COLLECTOR_TRUSTED_PROXIES" {
            *value = "127.0.0.1/32".into();
        }
    }
    installation.add_site(SITE, "Etc/GMT").await;
    let key = installation.add_key(SITE).await;
    let process = installation.serve(&[]).await;
    (installation, process, key)
}

async fn the_address_behind_it_decides(proxy: &Proxy, process: &Process, key: &str) {
    let (aigul, bolat) = ([127, 10, 0, 1], [127, 20, 0, 2]);
    view(proxy, aigul, "").await;
    view(proxy, aigul, "").await;
    assert_eq!(visitors(process, key, 2).await, 1, "the same visitor");
    // Whoever Aigul says she is, she stays the same.
    for forged in [
        "x-forwarded-for: 203.0.113.1\r\n",
        "x-forwarded-for: 127.20.0.2\r\nx-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-for: unknown, \"\r\n",
        "forwarded: for=203.0.113.2\r\n",
        "x-real-ip: 203.0.113.3\r\n",
    ] {
        view(proxy, aigul, forged).await;
    }
    assert_eq!(visitors(process, key, 7).await, 1, "headers of one's own change nothing");
    // The control: another address is another visitor.
    view(proxy, bolat, "").await;
    assert_eq!(visitors(process, key, 8).await, 2);
}

fn upstream(process: &Process) -> &str {
    process.at.public.strip_prefix("http://").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_the_visitors_address_decides_and_forged_headers_do_not() {
    let (_installation, process, key) = installed().await;
    let proxy = nginx(upstream(&process)).await;
    the_address_behind_it_decides(&proxy, &process, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_caddy_the_visitors_address_decides_and_forged_headers_do_not() {
    let (_installation, process, key) = installed().await;
    let proxy = caddy(upstream(&process)).await;
    the_address_behind_it_decides(&proxy, &process, &key).await;
}
