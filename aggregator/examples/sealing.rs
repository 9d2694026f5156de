//! What sealing one busy day costs: seconds and processor time of each step, the engine's peak memory, and bytes per event of
//! what is kept, column by column.
//!
//! `cargo run -p aggregator --example sealing -- 1000000`; with `stay` behind it the engine stays until standard input ends, for
//! questions of one's own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a tool for whoever changes the seal, not part of the program"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use aggregator::{Sealer, schema};
use clickhouse::{Client, Row};
use engine::{Engine, User};
use events::delivery::NothingOutstanding;
use events::{OptOutMode, Site, SiteId, SiteList, SiteRules};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serve::access::{ClickHouseAccess, Connection, Secret};

/// Traffic of one site on one day: a daily rhythm, pages and sources by Zipf's law, an engagement report behind each page
/// view, one visitor in ten coming back, one view in twenty opted out.
const TRAFFIC: &str = include_str!("sealing.sql");

#[tokio::main]
async fn main() {
    let wanted: u64 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    let data = tempfile::Builder::new().prefix("sanaq-sealing-").tempdir().unwrap();
    let engine = Engine::start(engine::testing::config(data.path())).await.unwrap();
    let access = ClickHouseAccess {
        url: engine.url(),
        database: "sealing".to_owned(),
        user: User::Owner.name().to_owned(),
        password: Secret::new(engine.password(User::Owner)),
        connection: Connection::default(),
    };
    schema::migrate(&access).await.unwrap();
    let client = Client::default()
        .with_url(&access.url)
        .with_user(&access.user)
        .with_password(access.password.reveal())
        .with_database(&access.database);
    // A visitor sends about 5.6 events.
    let traffic = TRAFFIC.replace("{visitors}", &(wanted * 10 / 56).to_string());
    client.query_raw(&traffic).execute().await.unwrap();
    let events: u64 = client.query_raw("SELECT count() FROM events").fetch_one().await.unwrap();
    let visitors: u64 = client.query_raw("SELECT uniqExact(tag) FROM events").fetch_one().await.unwrap();
    println!("{events} events of {visitors} visitors");
    seal(&access, &client).await;
    client.query_raw("SYSTEM STOP MERGES").execute().await.unwrap();
    sizes(&client, events).await;
    for table in ["visits", "hits", "stats_daily", "stats_hourly"] {
        client.query_raw("SYSTEM START MERGES").execute().await.unwrap();
        client.query_raw(&format!("OPTIMIZE TABLE {table} FINAL")).execute().await.unwrap();
    }
    println!("merged:");
    sizes(&client, events).await;
    if std::env::args().nth(2).as_deref() == Some("stay") {
        println!(
            "{}?database=sealing&user={}&password={}",
            access.url,
            access.user,
            access.password.reveal()
        );
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    }
    engine.stop().await;
}

async fn seal(access: &ClickHouseAccess, client: &Client) {
    let sites = Arc::new(SiteList::default());
    sites.replace([Site {
        id: SiteId(1),
        domain: "example.kz".to_owned(),
        zone: TimeZone::get("Asia/Almaty").unwrap(),
        opt_out: OptOutMode::Tally,
        rules: SiteRules::default(),
        keys: Vec::new(),
    }]);
    let process = engine_process();
    let before = Mutex::new((Instant::now(), cpu_seconds(&process)));
    let began = Instant::now();
    let cpu = cpu_seconds(&process);
    let sealer = Sealer::new(access.clone(), sites, Arc::new(NothingOutstanding), SignedDuration::ZERO);
    let told = process.clone();
    let sealer = sealer.with_fault(Box::new(move |step| {
        let mut before = before.lock().unwrap();
        let (at, cpu) = (Instant::now(), cpu_seconds(&told));
        println!(
            "{:>14}  {:>6.2} s  {:>6.2} s of processor time  peak {} MiB",
            format!("{step:?}"),
            at.duration_since(before.0).as_secs_f64(),
            cpu - before.1,
            peak_mib(&told)
        );
        *before = (at, cpu);
        Ok(())
    }));
    sealer.run_once("2033-05-23T00:00:00Z".parse().unwrap()).await.unwrap();
    println!(
        "{:>14}  {:>6.2} s  {:>6.2} s of processor time",
        "together",
        began.elapsed().as_secs_f64(),
        cpu_seconds(&process) - cpu
    );
    let left: u64 = client.query_raw("SELECT count() FROM events").fetch_one().await.unwrap();
    assert_eq!(left, 0);
}

#[derive(Row, Deserialize)]
struct Held {
    table: String,
    column: String,
    bytes: u64,
}

#[derive(Row, Deserialize)]
struct HeldTable {
    table: String,
    bytes: u64,
}

/// By table, and by column where ClickHouse knows: of a small part it does not.
async fn sizes(client: &Client, events: u64) {
    let tables: Vec<HeldTable> = client
        .query_raw(
            "SELECT table, sum(data_compressed_bytes) AS bytes FROM system.parts
            WHERE active AND database = currentDatabase() AND table IN ('visits', 'hits', 'stats_daily', 'stats_hourly')
            GROUP BY table ORDER BY table",
        )
        .fetch_all()
        .await
        .unwrap();
    let columns: Vec<Held> = client
        .query_raw(
            "SELECT table, column, sum(column_data_compressed_bytes) AS bytes FROM system.parts_columns
            WHERE active AND database = currentDatabase() AND table IN ('visits', 'hits', 'stats_daily', 'stats_hourly')
            GROUP BY table, column HAVING bytes > 0 ORDER BY table, bytes DESC",
        )
        .fetch_all()
        .await
        .unwrap();
    let per_event = |bytes: u64| bytes as f64 / events as f64;
    for table in &tables {
        let largest = columns.iter().filter(|column| column.table == table.table).take(14);
        let largest: Vec<_> =
            largest.map(|column| format!("{} {:.3}", column.column, per_event(column.bytes))).collect();
        println!("{}: {:.3} B per event: {}", table.table, per_event(table.bytes), largest.join(", "));
    }
    println!("all: {:.3} B per event", per_event(tables.iter().map(|table| table.bytes).sum()));
}

/// The engine's process: the only child.
fn engine_process() -> PathBuf {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let children = tasks.flat_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let child = children.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    PathBuf::from("/proc").join(child.last().unwrap())
}

fn cpu_seconds(process: &std::path::Path) -> f64 {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib(process: &std::path::Path) -> u64 {
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
