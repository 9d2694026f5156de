//! How long what is sealed is kept, and letting go of it.
//!
//! Detail (`visits`, `hits`) and statistics (`stats_daily`, `stats_hourly`) each have a limit in months, for all sites or
//! for one. A calendar month goes as a whole, on the day on which its first day is as old as the limit: so nothing is ever
//! older than the limit says, and with 13 months the twelve before this one are always there. Where every site in a
//! partition lets go of all of it, the partition is dropped; where some keep theirs for longer, the rows of the others are
//! deleted and the partition is written anew. The ledger (`sealed_days`) and the counts of drops stay: they are figures
//! about days, not about visits.
//!
//! A site that was deleted goes as a whole, at once.
//!
//! [`Retention::plan`] says what would go and changes nothing. Sealing and letting go are under one lease, so that nothing
//! is taken from under a day that is being sealed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use clickhouse::Row;
use events::{SiteId, SiteList};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serve::access::ClickHouseAccess;

use crate::lease::{Lease, LeaseError, Turn};
use crate::seal::{SealError, TURN};
use crate::sql;
use crate::store::{Store, StoreError};

/// Detail may be kept for this long at most.
pub const MOST_DETAIL_MONTHS: u16 = 25;

/// How long a site keeps what is sealed, in months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Visits and hits without pseudonyms. 0 keeps statistics only; 25 at most.
    pub detail_months: u16,
    /// Statistics; none for no limit.
    pub statistics_months: Option<u16>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { detail_months: 13, statistics_months: None }
    }
}

/// Lets go of what is older than its limit.
pub struct Retention {
    store: Store,
    sites: Arc<SiteList>,
    everywhere: Keep,
    exceptions: HashMap<String, Keep>,
    turn: Turn,
}

/// What goes of one partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Going {
    /// The table.
    pub table: &'static str,
    /// The partition: a month (`203301`) or a year (`2033`).
    pub partition: String,
    /// The first and the last day that go.
    pub days: [Date; 2],
    /// How many rows they have at most: those of a month that goes in part are not told apart.
    pub rows: u64,
    /// The sites they are of, when others keep theirs; empty when the whole partition goes.
    pub sites: Vec<u32>,
    /// The day on which they go, or went to be gone.
    pub on: Date,
}

/// The tables, and which limit holds for each.
const TABLES: [(&str, Class); 4] = [
    ("visits", Class::Detail),
    ("hits", Class::Detail),
    ("stats_daily", Class::Statistics),
    ("stats_hourly", Class::Statistics),
];

/// What a deleted site leaves. The ledger stays: it says that days were sealed, and its numbers are never given again.
const OF_A_SITE: [&str; 7] =
    ["events", "open_stats", "visits", "hits", "stats_daily", "stats_hourly", "drops"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Detail,
    Statistics,
}

#[derive(Row, Deserialize)]
struct Held {
    partition: String,
    site: u32,
    first: i32,
    last: i32,
    held: u64,
}

impl Retention {
    /// Retention of this database: `everywhere`, but for the sites (by domain) of `exceptions`.
    #[must_use]
    pub fn new(
        access: &ClickHouseAccess,
        sites: Arc<SiteList>,
        everywhere: Keep,
        exceptions: HashMap<String, Keep>,
    ) -> Self {
        let store = Store::new(access).waiting(crate::seal::PATIENCE);
        Self { store, sites, everywhere, exceptions, turn: TURN }
    }

    /// What goes until `until`, in order of the day on which it goes. Changes nothing.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer.
    pub async fn plan(&self, until: Date) -> Result<Vec<Going>, StoreError> {
        let mut going = Vec::new();
        for (table, class) in TABLES {
            let sql = sql::HELD.fill(&[("table", table)]);
            let mut partitions: BTreeMap<String, Vec<Held>> = BTreeMap::new();
            for held in self.store.statement(sql::HELD.name(), &sql).all::<Held>().await? {
                partitions.entry(held.partition.clone()).or_default().push(held);
            }
            for (partition, sites) in partitions {
                going.extend(self.of_partition(table, class, &partition, &sites, until));
            }
        }
        going.sort_by(|a, b| (a.on, a.table, &a.partition).cmp(&(b.on, b.table, &b.partition)));
        Ok(going)
    }

    /// Lets go of what is too old at `now`, wherever on earth its day was. Returns what went; nothing while another
    /// process seals.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer. What went until then is gone.
    pub async fn run_once(&self, now: Timestamp) -> Result<Vec<Going>, SealError> {
        let today = latest_date(now);
        let going = self.plan(today).await?;
        if going.is_empty() {
            return Ok(going);
        }
        let lease = match Lease::take(&self.store, self.turn).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let gone = lease
            .during(async {
                for going in &going {
                    self.let_go(going).await?;
                }
                Ok::<_, SealError>(())
            })
            .await;
        lease.release().await?;
        gone.map(|()| going)
    }

    /// Lets go of all there is of a site that was deleted. Returns how many rows there were; none while another process
    /// seals. What its collectors had still in hand comes later: it is looked again until nothing can.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer. What went until then is gone.
    pub async fn erase_site(&self, site: SiteId) -> Result<Option<u64>, SealError> {
        let number = site.0.to_string();
        let mut found = Vec::new();
        for table in OF_A_SITE {
            let held = sql::RETENTION_SITE_HELD.fill(&[("table", table), ("site", &number)]);
            let rows: u64 = self.store.statement(sql::RETENTION_SITE_HELD.name(), &held).one().await?;
            if rows > 0 {
                found.push((table, rows));
            }
        }
        if found.is_empty() {
            return Ok(Some(0));
        }
        let lease = match Lease::take(&self.store, self.turn).await {
            Ok(lease) => lease,
            Err(LeaseError::Held) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let gone = lease
            .during(async {
                for (table, _) in &found {
                    let delete = sql::RETENTION_SITE_DELETE.fill(&[("table", table), ("site", &number)]);
                    self.store.statement(sql::RETENTION_SITE_DELETE.name(), &delete).execute().await?;
                }
                Ok::<_, SealError>(())
            })
            .await;
        lease.release().await?;
        gone.map(|()| Some(found.iter().map(|(_, rows)| rows).sum()))
    }

    /// What goes of one partition: at most one line for all sites that have the same last day to go.
    fn of_partition(
        &self,
        table: &'static str,
        class: Class,
        partition: &str,
        held: &[Held],
        until: Date,
    ) -> Vec<Going> {
        let mut by_end: BTreeMap<Date, Vec<&Held>> = BTreeMap::new();
        let mut whole = true;
        for site in held {
            match self.kept_from(class, site.site, until) {
                Some(from) if date(site.first) < from => {
                    whole &= date(site.last) < from;
                    by_end.entry(from).or_default().push(site);
                }
                _ => whole = false,
            }
        }
        let line = |sites: &[&Held], from: Date, named: bool| {
            let first = sites.iter().map(|site| date(site.first)).min().unwrap_or(from);
            let last = sites.iter().map(|site| date(site.last)).max().unwrap_or(from);
            let day_before = from.yesterday().unwrap_or(from);
            let latest = last.min(day_before);
            Going {
                table,
                partition: partition.to_owned(),
                days: [first, latest],
                rows: sites.iter().map(|site| site.held).sum(),
                sites: if named { sites.iter().map(|site| site.site).collect() } else { Vec::new() },
                on: sites.iter().map(|site| self.goes_on(class, site.site, latest)).max().unwrap_or(until),
            }
        };
        if whole {
            let all: Vec<_> = held.iter().collect();
            return by_end.keys().next_back().map(|from| line(&all, *from, false)).into_iter().collect();
        }
        by_end.into_iter().map(|(from, sites)| line(&sites, from, true)).collect()
    }

    async fn let_go(&self, going: &Going) -> Result<(), StoreError> {
        let place = [("table", going.table), ("partition", &*going.partition)];
        if going.sites.is_empty() {
            let drop = sql::RETENTION_DROP.fill(&place);
            return self.store.statement(sql::RETENTION_DROP.name(), &drop).execute().await;
        }
        let sites: Vec<_> = going.sites.iter().map(ToString::to_string).collect();
        let which = format!("site IN ({}) AND day <= '{}'", sites.join(", "), going.days[1]);
        let delete = sql::RETENTION_DELETE.fill(&[place[0], place[1], ("which", &which)]);
        self.store.statement(sql::RETENTION_DELETE.name(), &delete).execute().await
    }

    fn months(&self, class: Class, site: u32) -> Option<u16> {
        // What staff have set for a site goes before what the configuration says of it, and that before what holds for all.
        let keep = self.sites.by_id(SiteId(site)).and_then(|site| {
            let own = site
                .rules
                .keep
                .map(|keep| Keep { detail_months: keep.detail, statistics_months: keep.statistics });
            own.or_else(|| self.exceptions.get(&site.domain).copied())
        });
        let keep = keep.unwrap_or(self.everywhere);
        match class {
            Class::Detail => Some(keep.detail_months.min(MOST_DETAIL_MONTHS)),
            Class::Statistics => keep.statistics_months,
        }
    }

    /// The first day that a site keeps at `today`; none when it keeps all.
    fn kept_from(&self, class: Class, site: u32, today: Date) -> Option<Date> {
        match self.months(class, site)? {
            // Not even the detail of yesterday.
            0 => today.tomorrow().ok(),
            // The month whose first day reaches the limit in this month goes with it: what is kept begins a month later.
            months => today.first_of_month().checked_sub(Span::new().months(i32::from(months) - 1)).ok(),
        }
    }

    /// The day on which a day of a site goes.
    fn goes_on(&self, class: Class, site: u32, day: Date) -> Date {
        match self.months(class, site) {
            None | Some(0) => day,
            Some(months) => {
                day.first_of_month().checked_add(Span::new().months(i32::from(months))).unwrap_or(Date::MAX)
            }
        }
    }
}

/// The date where it is latest: east of everybody.
fn latest_date(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(14))).date()
}

/// A day from ClickHouse's number for it.
fn date(number: i32) -> Date {
    Date::constant(1970, 1, 1).checked_add(Span::new().days(number)).unwrap_or(Date::MAX)
}
