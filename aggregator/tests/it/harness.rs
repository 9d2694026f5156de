//! A database of its own for each test, sites, a clock, and a way to put events into it as the collector does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aggregator::{Answers, OpenDay, Question, Sealer, schema};
use bytes::Bytes;
use clickhouse::{Client, RowOwned, RowRead};
use engine::User;
use events::delivery::NothingOutstanding;
use events::row::{COLUMNS, NO_SCROLL_DEPTH, UnixSeconds};
use events::{Channel, Device, EventRow, LocalDay, OptOutMode, Site, SiteId, SiteList, VisitorTag};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use serve::access::{ClickHouseAccess, Secret};
use serve::clock::{Clock, ManualClock};

/// Days of the tests are in the future: the table's TTL goes by the real clock.
pub(crate) const DAY: &str = "2033-05-22";

pub(crate) struct Harness {
    pub(crate) access: ClickHouseAccess,
    pub(crate) sites: Arc<SiteList>,
    pub(crate) hand: ManualClock,
    pub(crate) answers: Answers,
    sequence: AtomicU64,
}

/// Access to a fresh, empty database of this name.
pub(crate) async fn database(name: &str) -> ClickHouseAccess {
    let engine = engine::testing::shared().await;
    let access = ClickHouseAccess {
        url: engine.url(),
        database: name.to_owned(),
        user: User::Owner.name().to_owned(),
        password: Secret::new(engine.password(User::Owner)),
        connection: serve::access::Connection::default(),
    };
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    client(&access).with_database("default").query_raw(&drop).execute().await.unwrap();
    access
}

pub(crate) fn client(access: &ClickHouseAccess) -> Client {
    Client::default()
        .with_url(&access.url)
        .with_user(&access.user)
        .with_password(access.password.reveal())
        .with_database(&access.database)
}

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Harness {
    /// A migrated database and sites 1.. in these zones; site n is `n.kz`. It is noon UTC of [`DAY`].
    pub(crate) async fn new(name: &str, zones: &[&str]) -> Self {
        let access = database(name).await;
        schema::migrate(&access).await.unwrap();
        Self::over(access, zones)
    }

    /// The same over a database that is there.
    pub(crate) fn over(access: ClickHouseAccess, zones: &[&str]) -> Self {
        let sites = Arc::new(SiteList::default());
        sites.replace(zones.iter().zip(1..).map(|(zone, id)| Site {
            id: SiteId(id),
            domain: format!("{id}.kz"),
            zone: TimeZone::get(zone).unwrap(),
            opt_out: OptOutMode::Tally,
            rules: events::SiteRules::default(),
            keys: Vec::new(),
        }));
        let (clock, hand) = Clock::manual(at(&format!("{DAY}T12:00:00Z")));
        let answers = Answers::new(access.clone(), Arc::clone(&sites), clock);
        Self { access, sites, hand, answers, sequence: AtomicU64::new(1) }
    }

    pub(crate) fn sealer(&self) -> Sealer {
        let sites = Arc::clone(&self.sites);
        Sealer::new(self.access.clone(), sites, Arc::new(NothingOutstanding), SignedDuration::from_mins(5))
    }

    /// An event of site `n` at this local time (`2033-05-22T10:00:00`, or with `Z` in UTC).
    pub(crate) fn event(&self, site: u32, time: &str) -> Event {
        let site = self.sites.by_id(SiteId(site)).unwrap();
        let time = time.parse::<Timestamp>().unwrap_or_else(|_| {
            time.parse::<jiff::civil::DateTime>().unwrap().to_zoned(site.zone.clone()).unwrap().timestamp()
        });
        Event::new(&site, time)
    }

    /// Inserts events in this order of arrival, as one batch under its own token, and counts them.
    pub(crate) async fn insert(&self, events: impl IntoIterator<Item = Event>) {
        self.deliver(events).await;
        self.tick().await;
    }

    /// What the collector does.
    pub(crate) async fn deliver(&self, events: impl IntoIterator<Item = Event>) {
        let mut body = Vec::new();
        let mut first = None;
        for Event(row) in events {
            let sequence = self.sequence.fetch_add(1, Ordering::SeqCst);
            first.get_or_insert(sequence);
            row.encode(&mut body);
            body.extend_from_slice(&sequence.to_le_bytes());
        }
        let columns: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let sql = format!("INSERT INTO events ({}) FORMAT RowBinary", columns.join(", "));
        let mut insert = client(&self.access)
            .insert_formatted_with(sql)
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplication_token", format!("batch:{}", first.unwrap()));
        insert.send(Bytes::from(body)).await.unwrap();
        insert.end().await.unwrap();
    }

    /// Counts what is new, as the program does several times a second.
    pub(crate) async fn tick(&self) {
        self.open_day().run_once().await.unwrap();
    }

    pub(crate) fn open_day(&self) -> OpenDay {
        OpenDay::new(&self.access, Arc::clone(&self.sites))
    }

    pub(crate) async fn rows<T: RowOwned + RowRead>(&self, sql: &str) -> Vec<T> {
        client(&self.access).query_raw(sql).fetch_all().await.unwrap()
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        client(&self.access).query_raw(sql).fetch_one().await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        client(&self.access).query_raw(sql).execute().await.unwrap();
    }

    /// The results of a question: `[[dimensions…, metrics…], …]`.
    pub(crate) async fn ask(&self, question: Value) -> Value {
        let answer = self.answers.answer(&Question::from_json(&question).unwrap()).await.unwrap();
        let rows = answer.results.into_iter().map(|row| {
            let dimensions = row.dimensions.into_iter().map(Value::from);
            let metrics = row.metrics.into_iter().map(|figure| serde_json::to_value(figure).unwrap());
            Value::Array(dimensions.chain(metrics).collect())
        });
        Value::Array(rows.collect())
    }

    /// Metrics of a site over [`DAY`], without dimensions.
    pub(crate) async fn totals(&self, site: u32, metrics: &[&str]) -> Value {
        let question = json!({"site_id": format!("{site}.kz"), "metrics": metrics, "date_range": [DAY, DAY]});
        self.ask(question).await[0].clone()
    }

    /// Values of a dimension with metrics of a site over [`DAY`].
    pub(crate) async fn by(&self, site: u32, dimension: &str, metrics: &[&str]) -> Value {
        self.ask(json!({
            "site_id": format!("{site}.kz"), "metrics": metrics, "date_range": [DAY, DAY], "dimensions": [dimension],
        }))
        .await
    }
}

/// An event in the making: a page view of `/` by visitor 1, unless said otherwise.
#[derive(Clone)]
pub(crate) struct Event(pub(crate) EventRow);

impl Event {
    fn new(site: &Site, time: Timestamp) -> Self {
        let day = LocalDay::at(time, &site.zone).unwrap();
        let text = String::new;
        Self(EventRow {
            site: site.id,
            day: day.date,
            closes_at: UnixSeconds::new(day.closes_at),
            tag: Some(VisitorTag::new(1)),
            time: UnixSeconds::new(time.as_second()),
            name: "pageview".into(),
            host: site.domain.clone(),
            path: "/".into(),
            source: text(),
            channel: Channel::Direct,
            referrer_host: text(),
            referrer_path: text(),
            utm_source: text(),
            utm_medium: text(),
            utm_campaign: text(),
            utm_content: text(),
            utm_term: text(),
            click_id: text(),
            country: "KZ".into(),
            region: text(),
            browser: "Firefox".into(),
            browser_version: "145".into(),
            os: "Linux".into(),
            os_version: text(),
            device: Device::Desktop,
            screen: "lg".into(),
            language: "kk".into(),
            interactive: true,
            engaged_ms: 0,
            scroll_depth: NO_SCROLL_DEPTH,
            revenue_milli: 0,
            currency: text(),
            props: Vec::new(),
            collector: 1,
        })
    }

    pub(crate) fn tag(mut self, bits: u64) -> Self {
        self.0.tag = Some(VisitorTag::new(bits));
        self
    }

    pub(crate) fn opted_out(mut self) -> Self {
        self.0.tag = None;
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        self.0.path = path.into();
        self
    }

    pub(crate) fn source(mut self, source: &str) -> Self {
        self.0.source = source.into();
        self
    }

    pub(crate) fn channel(mut self, channel: Channel) -> Self {
        self.0.channel = channel;
        self
    }

    pub(crate) fn region(mut self, region: &str) -> Self {
        self.0.region = region.into();
        self
    }

    pub(crate) fn country(mut self, country: &str) -> Self {
        self.0.country = country.into();
        self
    }

    pub(crate) fn device(mut self, device: Device) -> Self {
        self.0.device = device;
        self
    }

    pub(crate) fn custom(mut self, name: &str) -> Self {
        self.0.name = name.into();
        self
    }

    pub(crate) fn passive(mut self) -> Self {
        self.0.interactive = false;
        self
    }

    pub(crate) fn prop(mut self, key: &str, value: &str) -> Self {
        self.0.props.push((key.into(), value.into()));
        self
    }

    pub(crate) fn engagement(mut self, engaged_ms: u32, scroll_depth: u8) -> Self {
        self.0.name = "engagement".into();
        self.0.engaged_ms = engaged_ms;
        self.0.scroll_depth = scroll_depth;
        self
    }
}

/// Traffic of one site over several local days that has everything in it: order lost, opt-outs, gaps, many values. `key`
/// decides the tags and nothing else.
pub(crate) fn traffic(harness: &Harness, site: u32, days: &[&str], key: u64) -> Vec<Event> {
    let mut events = Vec::new();
    let mut state = 88_172_645_463_325_252_u64.wrapping_add(u64::from(site));
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let zone = harness.sites.by_id(SiteId(site)).unwrap().zone.clone();
    for day in days {
        let day = LocalDay::of(day.parse::<Date>().unwrap(), &zone).unwrap();
        for _ in 0..160 {
            let visitor = random(25);
            let seconds =
                i64::try_from(random(u64::try_from(day.closes_at - day.opens_at).unwrap())).unwrap();
            let time = Timestamp::from_second(day.opens_at + seconds).unwrap();
            let tag = blake3::keyed_hash(&[u8::try_from(key).unwrap(); 32], &visitor.to_le_bytes());
            let mut event = harness
                .event(site, &time.to_string())
                .tag(u64::from_le_bytes(tag.as_bytes()[..8].try_into().unwrap()))
                .path(["/", "/kk", "/ru/bet", "/docs", "/contact"][usize::try_from(random(5)).unwrap()])
                .source(["", "Telegram", "Google", "example.org"][usize::try_from(random(4)).unwrap()])
                .country(["KZ", "KG", ""][usize::try_from(visitor % 3).unwrap()])
                .channel(
                    [Channel::Direct, Channel::OrganicSocial, Channel::Email]
                        [usize::try_from(random(3)).unwrap()],
                )
                .region(["KZ-75", "KZ-35", ""][usize::try_from(visitor % 3).unwrap()])
                .device(
                    [Device::Desktop, Device::Mobile, Device::Unknown][usize::try_from(visitor % 3).unwrap()],
                )
                .prop("plan", ["free", "paid"][usize::try_from(random(2)).unwrap()])
                .prop("ticket", &random(10_000).to_string());
            event = match random(11) {
                0..=4 => event,
                5..=7 => event
                    .engagement(u32::try_from(random(20_000)).unwrap(), u8::try_from(random(101)).unwrap()),
                8 => event.custom("Signup"),
                9 => event.custom("Scrolled").passive(),
                _ => event.custom("vitals").passive(),
            };
            events.push(if visitor == 24 { event.opted_out() } else { event });
        }
    }
    events
}
