//! The pulse of watched sites: one ticking task per site however many watch it, begun by the first and ended with the last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregator::Pulse;
use events::SiteId;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::asker::Asker;

/// Pause between two looks at a site.
const TICK: Duration = Duration::from_millis(500);
/// Pause while the engine does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The latest figures of a site; none before the first look.
pub(crate) type Figures = watch::Receiver<Option<Pulse>>;

/// All watched sites. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    asker: Arc<dyn Asker>,
    watched: Mutex<Watched>,
    stop: watch::Sender<bool>,
}

#[derive(Default)]
struct Watched {
    sites: HashMap<SiteId, watch::Sender<Option<Pulse>>>,
    tasks: JoinSet<()>,
}

impl Live {
    pub(crate) fn new(asker: Arc<dyn Asker>) -> Self {
        let (stop, _) = watch::channel(false);
        Self(Arc::new(Inner { asker, watched: Mutex::default(), stop }))
    }

    /// Watches a site for as long as the receiver is kept.
    pub(crate) fn watch(&self, site: SiteId) -> Figures {
        let mut watched = self.0.watched();
        // Those that have ended are reaped here, so that the set does not grow.
        while watched.tasks.try_join_next().is_some() {}
        if let Some(figures) = watched.sites.get(&site) {
            return figures.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        watched.sites.insert(site, sender.clone());
        let (inner, stop) = (Arc::clone(&self.0), self.0.stop.subscribe());
        watched.tasks.spawn(async move { inner.tick(site, sender, stop).await });
        receiver
    }

    /// Ends all watching, now and in future: an open stream would hold the drain up.
    pub(crate) fn end(&self) {
        self.0.stop.send_replace(true);
    }

    /// Tells when watching ends.
    pub(crate) fn stop(&self) -> watch::Receiver<bool> {
        self.0.stop.subscribe()
    }

    #[cfg(test)]
    fn watched_sites(&self) -> usize {
        self.0.watched().sites.len()
    }
}

impl Inner {
    async fn tick(
        &self,
        site: SiteId,
        figures: watch::Sender<Option<Pulse>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                _ = figures.closed() => {}
                _ = ticks.tick() => {}
            }
            if self.forget_unwatched(site, &figures) {
                return;
            }
            match self.asker.pulse(site).await {
                Ok(now) => {
                    figures.send_if_modified(|then| {
                        let news = then.as_ref() != Some(&now);
                        *then = Some(now);
                        news
                    });
                }
                // Watchers keep the last figures; the question engine has logged why.
                Err(_) => ticks.reset_after(PATIENCE),
            }
        }
        self.watched().sites.remove(&site);
    }

    /// Under the lock that new watchers come in by, so that none is left with a task that has just ended.
    fn forget_unwatched(&self, site: SiteId, figures: &watch::Sender<Option<Pulse>>) -> bool {
        let mut watched = self.watched();
        let unwatched = figures.receiver_count() == 0;
        if unwatched {
            watched.sites.remove(&site);
        }
        unwatched
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aggregator::{Answer, Question, QuestionError};
    use futures_util::future::BoxFuture;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// One visitor more at each look.
    #[derive(Default)]
    struct Looks(AtomicU64);

    impl Asker for Looks {
        fn answer_for<'a>(
            &'a self,
            _: &'a Question,
            _: aggregator::suppress::Audience,
        ) -> BoxFuture<'a, Result<Answer, QuestionError>> {
            Box::pin(async { Err(QuestionError::UnknownSite) })
        }
        fn analyse<'a>(
            &'a self,
            _: &'a aggregator::Analysis,
            _: aggregator::suppress::Audience,
        ) -> BoxFuture<'a, Result<aggregator::AnalysisAnswer, QuestionError>> {
            Box::pin(async { Err(QuestionError::UnknownSite) })
        }
        fn pulse(&self, _: SiteId) -> BoxFuture<'_, Result<Pulse, QuestionError>> {
            let current_visitors = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move { Ok(Pulse { current_visitors, events_today: 0, beacons_today: 0 }) })
        }
        fn first_event(&self, _: SiteId) -> BoxFuture<'_, Result<Option<i64>, QuestionError>> {
            Box::pin(async { Ok(None) })
        }
        fn drops(
            &self,
            _: SiteId,
            _: jiff::civil::Date,
            _: jiff::civil::Date,
        ) -> BoxFuture<'_, Result<Vec<aggregator::Dropped>, QuestionError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    async fn until(mut condition: impl FnMut() -> bool) {
        let wait = async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("in time");
    }

    #[tokio::test]
    async fn watchers_of_a_site_share_one_task_that_ends_with_the_last() {
        let looks = Arc::new(Looks::default());
        let live = Live::new(looks.clone());
        let mut first = live.watch(SiteId(1));
        let mut second = live.watch(SiteId(1));
        assert_eq!(live.watched_sites(), 1);
        for figures in [&mut first, &mut second] {
            figures.changed().await.unwrap();
            assert_eq!(figures.borrow_and_update().as_ref().unwrap().current_visitors, 1);
        }
        drop(first);
        second.changed().await.unwrap();
        assert_eq!(looks.0.load(Ordering::SeqCst), 2, "one look per tick, not per watcher");
        drop(second);
        until(|| live.watched_sites() == 0).await;
        // Another watcher begins anew.
        live.watch(SiteId(1)).changed().await.unwrap();
    }

    #[tokio::test]
    async fn the_end_closes_every_watch() {
        let live = Live::new(Arc::new(Looks::default()));
        let mut figures = live.watch(SiteId(1));
        figures.changed().await.unwrap();
        figures.borrow_and_update();
        live.end();
        until(|| live.watched_sites() == 0).await;
        let closed = async { while figures.changed().await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), closed).await.expect("in time");
        assert!(*live.stop().borrow());
    }
}
