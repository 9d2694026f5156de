//! An engine of its own with sites, and the parts of the aggregator on it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aggregator::{Answers, History, OpenDay, Sealer, schema};
use anyhow::{Context as _, ensure};
use clickhouse::{Client, RowOwned, RowRead};
use end_to_end::process::Watched;
use end_to_end::program::Program;
use engine::{Engine, EngineConfig, Launcher, User};
use events::delivery::NothingOutstanding;
use events::{LocalDay, OptOutMode, Site, SiteId, SiteList, SiteRules};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serve::access::{ClickHouseAccess, Connection, Secret};
use serve::clock::Clock;
use simulate::{Account, Traffic};
use tempfile::TempDir;

/// What the program gives its engine by itself.
const MEMORY_BYTES: u64 = 2 << 30;
/// The zone of every site: no clock is changed there.
const ZONE: &str = "Asia/Almaty";
/// Pages of the large site, and of the others.
const PAGES: usize = 500;
const FEW_PAGES: usize = 60;

/// One embedded engine, gone with its files when dropped.
pub(crate) struct Ground {
    engine: Engine,
    _directory: TempDir,
}

impl Ground {
    pub(crate) async fn start(program: &Program) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sanaq-aggregate-").tempdir()?;
        let engine = Engine::start(EngineConfig {
            library: library(program.path())?,
            data: directory.path().join("engine"),
            memory_bytes: MEMORY_BYTES,
            launcher: Launcher { program: program.path().to_owned(), arguments: vec!["engine-child".into()] },
            database: "sanaq".into(),
            // The benchmark makes tables of its own beside those of the program.
            all_rights: true,
        })
        .await?;
        Ok(Self { engine, _directory: directory })
    }

    /// Its process.
    pub(crate) fn process(&self) -> anyhow::Result<Watched> {
        Ok(Watched::new(self.engine.process_id().context("the engine runs")?))
    }

    pub(crate) async fn stop(self) {
        self.engine.stop().await;
    }

    /// A database of this name with the schema, and sites 1 to `count`; the first is `1.example`.
    pub(crate) async fn scene(&self, database: &str, count: u32) -> anyhow::Result<Scene> {
        let access = ClickHouseAccess {
            url: self.engine.url(),
            database: database.to_owned(),
            user: User::Owner.name().to_owned(),
            password: Secret::new(self.engine.password(User::Owner)),
            connection: Connection::default(),
        };
        schema::migrate(&access).await?;
        let zone = TimeZone::get(ZONE)?;
        let sites = Arc::new(SiteList::default());
        sites.replace((1..=count).map(|id| Site {
            id: SiteId(id),
            domain: format!("{id}.example"),
            zone: zone.clone(),
            opt_out: OptOutMode::Tally,
            rules: SiteRules::default(),
            keys: Vec::new(),
        }));
        let answers = Answers::new(access.clone(), Arc::clone(&sites), Clock::system());
        let client = access.client().with_database(&access.database);
        Ok(Scene { access, sites, zone, answers, client })
    }
}

fn library(program: &Path) -> anyhow::Result<std::path::PathBuf> {
    engine::library::locate(None, program)
        .or_else(|_| engine::library::locate(None, &std::env::current_dir()?).map_err(anyhow::Error::from))
        .context("the engine's library is where `make run` puts it")
}

/// One database with sites.
pub(crate) struct Scene {
    pub(crate) access: ClickHouseAccess,
    pub(crate) sites: Arc<SiteList>,
    pub(crate) zone: TimeZone,
    pub(crate) answers: Answers,
    pub(crate) client: Client,
}

impl Scene {
    /// The traffic of a site: the first is the large one.
    pub(crate) fn traffic(&self, site: u32, seed: u64, rows_per_day: u64) -> Traffic {
        Traffic {
            site: SiteId(site),
            domain: format!("{site}.example"),
            zone: self.zone.clone(),
            seed,
            rows_per_day,
            pages: if site == 1 { PAGES } else { FEW_PAGES },
        }
    }

    /// Writes a day's traffic without sealing it; what was made up, by site.
    pub(crate) async fn write(
        &self,
        history: &mut History,
        date: Date,
        traffics: &[Traffic],
    ) -> anyhow::Result<Vec<Account>> {
        // One INSERT for many small sites, as a collector batches them.
        let (mut accounts, mut rows) = (Vec::new(), Vec::new());
        for traffic in traffics {
            let day = traffic.day(date)?;
            accounts.push(day.account);
            if day.account.rows > 100_000 {
                history.write(day.rows()).await?;
            } else {
                rows.extend(day.rows());
            }
            if rows.len() > 100_000 {
                history.write(std::mem::take(&mut rows)).await?;
            }
        }
        history.write(rows).await?;
        Ok(accounts)
    }

    /// Seals the day of this date, which is over.
    pub(crate) async fn seal(&self, date: Date, events: u64) -> anyhow::Result<()> {
        let sites = Arc::clone(&self.sites);
        let sealer =
            Sealer::new(self.access.clone(), sites, Arc::new(NothingOutstanding), SignedDuration::ZERO);
        let closes_at = LocalDay::of(date, &self.zone)?.closes_at;
        let sealed = sealer.run_once(Timestamp::from_second(closes_at)?).await?;
        let found: u64 = sealed.iter().map(|day| day.events).sum();
        ensure!(found == events, "{found} events of {events} were sealed");
        Ok(())
    }

    pub(crate) fn open_day(&self) -> OpenDay {
        OpenDay::new(&self.access, Arc::clone(&self.sites))
    }

    pub(crate) async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        self.client.query_raw(sql).execute().await.with_context(|| first_words(sql))
    }

    pub(crate) async fn rows<T: RowOwned + RowRead>(&self, sql: &str) -> anyhow::Result<Vec<T>> {
        self.client.query_raw(sql).fetch_all().await.with_context(|| first_words(sql))
    }

    pub(crate) async fn number(&self, sql: &str) -> anyhow::Result<u64> {
        self.client.query_raw(sql).fetch_one().await.with_context(|| first_words(sql))
    }

    /// Merges these tables to their end.
    pub(crate) async fn merge(&self, tables: &[&str]) -> anyhow::Result<()> {
        for table in tables {
            self.execute(&format!("OPTIMIZE TABLE {table} FINAL")).await?;
        }
        Ok(())
    }

    /// Waits until ClickHouse has nothing to merge: what it does in the background costs whoever asks meanwhile.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        let (mut calm, mut looks) = (0, 0);
        while calm < 5 && looks < 1800 {
            let busy = self.number("SELECT count() FROM system.merges").await? > 0;
            calm = if busy { 0 } else { calm + 1 };
            looks += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }
}

/// The first day of the twelve months that `12mo` means now, and how many days they have.
pub(crate) fn twelve_months(zone: &TimeZone) -> anyhow::Result<(Date, i64)> {
    let this_month = Clock::system().now().to_zoned(zone.clone()).date().first_of_month();
    let first = this_month.checked_sub(Span::new().months(12))?;
    let days = this_month.duration_since(first).as_hours() / 24;
    Ok((first, days))
}

fn first_words(sql: &str) -> String {
    sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}
