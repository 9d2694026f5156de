//! What the aggregator does by itself while the program runs: counting the open day, sealing, letting go of what is too old.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aggregator::{OpenDay, Retention, Sealer};
use dashboards::ControlPlane;
use serve::clock::Clock;
use serve::signals::Stop;
use tokio::time::{Interval, MissedTickBehavior};

/// At once, and again after each interval; times that were missed are not made up for.
struct Beat {
    tick: Interval,
    stopping: Stop,
}

impl Beat {
    fn new(interval: Duration, stopping: Stop) -> Self {
        let mut tick = tokio::time::interval(interval);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { tick, stopping }
    }

    /// Waits for the next time. False when told to stop.
    async fn next(&mut self) -> bool {
        tokio::select! {
            () = self.stopping.clone().requested() => false,
            _ = self.tick.tick() => true,
        }
    }
}

/// How often it is looked whether events have come. What has been stored is to be seen within 2 s.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// What counting may take and still be called quick.
const QUICK_COUNT: Duration = Duration::from_millis(500);

/// How long to leave ClickHouse to others after counting took so long: as long again, and three times as long when there is so
/// much to count that storing it is the greater worry.
fn rest_after_counting(took: Duration) -> Duration {
    COUNT_EVERY.max(if took <= QUICK_COUNT { took } else { took * 3 })
}

/// Counts what comes in until told to stop. A failed look is counted and tried again.
pub(super) async fn count_open_days(open_day: OpenDay, stopping: Stop) {
    let mut stop = pin!(stopping.requested());
    let mut failing = false;
    let mut rest = COUNT_EVERY;
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(rest) => {}
        }
        let began = tokio::time::Instant::now();
        let counted = open_day.run_once().await;
        rest = rest_after_counting(began.elapsed());
        match counted {
            Ok(_) => failing = false,
            // Said once, not four times a second for as long as ClickHouse is away.
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(code = "count_failed", %error, "what came in could not be counted; it is tried again");
            }
            Err(_) => {}
        }
    }
}

/// How often it is looked whether something is too old. Months go, so once a day is often; but the sealer may be at work.
const LET_GO_EVERY: Duration = Duration::from_secs(3600);

/// How often it is looked whether staff have deleted a site.
const ERASE_EVERY: Duration = Duration::from_secs(60);

/// Lets go of what is too old until told to stop.
pub(super) async fn let_go(retention: Arc<Retention>, clock: Clock, stopping: Stop) {
    let mut beat = Beat::new(LET_GO_EVERY, stopping);
    while beat.next().await {
        match retention.run_once(clock.now()).await {
            Ok(gone) => {
                for going in gone {
                    tracing::info!(
                        code = "let_go",
                        table = going.table,
                        partition = going.partition,
                        rows = going.rows,
                        sites = going.sites.len(),
                        "what is too old is gone"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(code = "let_go_failed", %error, "what is too old could not be let go of; it is tried again");
            }
        }
    }
}

/// Beacons of a deleted site that were acknowledged before it went may come for as long as its last day is open and its
/// journal is delivered.
const STRAGGLERS: i64 = 3 * 24 * 3600;

/// Lets go of sites that staff have deleted until told to stop. A site is done when nothing was there long after.
pub(super) async fn erase_deleted(
    retention: Arc<Retention>,
    control: ControlPlane,
    clock: Clock,
    stopping: Stop,
) {
    let mut beat = Beat::new(ERASE_EVERY, stopping);
    while beat.next().await {
        let plane = control.clone();
        let waiting = tokio::task::spawn_blocking(move || plane.sites_to_erase()).await;
        let Ok(Ok(waiting)) = waiting else {
            tracing::warn!(
                code = "erase_failed",
                "the list of deleted sites could not be read; it is tried again"
            );
            continue;
        };
        for site in waiting {
            match retention.erase_site(site.id).await {
                Ok(Some(0)) if clock.now().as_second() - site.deleted_at > STRAGGLERS => {
                    let (plane, id) = (control.clone(), site.id);
                    if !matches!(tokio::task::spawn_blocking(move || plane.note_erased(id)).await, Ok(Ok(())))
                    {
                        tracing::warn!(code = "erase_failed", "a site is gone and could not be noted so");
                    }
                }
                Ok(Some(0) | None) => {}
                Ok(Some(rows)) => {
                    tracing::info!(
                        code = "site_erased",
                        site = site.id.0,
                        rows,
                        "a deleted site's figures are gone"
                    );
                }
                Err(error) => {
                    tracing::warn!(code = "erase_failed", %error, "a deleted site could not be let go of; it is tried again");
                }
            }
        }
    }
}

/// Looks for days to seal until told to stop. A failed look is counted by the sealer and tried again.
pub(super) async fn seal_days(sealer: Sealer, clock: Clock, interval: Duration, stopping: Stop) {
    let mut beat = Beat::new(interval, stopping);
    while beat.next().await {
        match sealer.run_once(clock.now()).await {
            Ok(days) => {
                for day in days {
                    tracing::info!(
                        code = "day_sealed",
                        closes_at = day.closes_at,
                        sites = day.sites,
                        "a day is sealed"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(code = "seal_failed", %error, "a day could not be sealed; it is tried again")
            }
        }
    }
}
