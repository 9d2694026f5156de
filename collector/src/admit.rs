//! Decides what becomes of a beacon, and fills the row of one that is kept.
//!
//! Pure and synchronous: beacon, request and time in, rows out. Behind it the address and the agent are gone: a row holds
//! nothing of them but a tag, a country and what kind of browser it was.
//!
//! **Visitors who opted out** (`Sec-GPC`, `DNT`, or the tracker saw one of them) are kept, where the site keeps them at all, as
//! a bare tally: page, time, country, and the source with its host. No tag, so no visit; no referrer path, campaign fields, click id,
//! browser, system, device, screen, language, properties or revenue. Page views and custom events are tallied by name; engagement
//! belongs to a visit, so it is dropped.

mod classes;

use std::sync::Arc;

use events::row::{NO_SCROLL_DEPTH, UnixSeconds};
use events::{
    Beacon, Device, DropReason, EventRow, LocalDay, OptOutMode, Site, SiteId, SiteList, VisitorTag,
};
use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::agent::{Agent, Agents};
use crate::geo::{Country, Geo};
use crate::identity::Vault;
use crate::page::{Address, Page};
use crate::source::Source;

/// What an [`Admitter`] needs.
pub struct AdmitConfig {
    /// The sites known now.
    pub sites: Arc<SiteList>,
    /// Makes tags.
    pub vault: Arc<Vault>,
    /// Tells countries.
    pub geo: Arc<Geo>,
    /// Tells browsers.
    pub agents: Agents,
    /// This collector's number, in every row.
    pub collector_id: u16,
}

/// What the request says besides the body. Borrowed: it ends with the request.
pub struct RequestFacts<'a> {
    /// Who sent it.
    pub client: &'a ClientAddress,
    /// `User-Agent`; empty when missing.
    pub agent: &'a str,
    /// `Sec-CH-UA-Mobile`: `?1` is true, `?0` false.
    pub mobile_hint: Option<bool>,
    /// `Accept-Language`; empty when missing.
    pub accept_language: &'a str,
    /// `Sec-GPC: 1` or `DNT: 1`.
    pub opted_out: bool,
}

/// What became of a beacon for one of its domains.
#[derive(Debug, PartialEq)]
pub struct Admission {
    /// The site; `None` when there is none of that domain.
    pub site: Option<SiteId>,
    /// The row to store, or why not.
    pub decision: Result<EventRow, DropReason>,
}

/// Decides about beacons.
pub struct Admitter {
    config: AdmitConfig,
}

/// What is the same for every site of one beacon.
struct Enriched {
    page: Page,
    source: Source,
    country: Option<Country>,
    agent: Arc<Agent>,
    language: String,
}

impl Admitter {
    /// An admitter.
    #[must_use]
    pub fn new(config: AdmitConfig) -> Self {
        Self { config }
    }

    /// One admission for each domain of the beacon, in their order.
    #[must_use]
    pub fn admit(&self, beacon: &Beacon, request: &RequestFacts<'_>, now: Timestamp) -> Vec<Admission> {
        let opted_out = beacon.opted_out || request.opted_out;
        // Made when the first site wants it: beacons for nobody cost nothing.
        let mut enriched = None;
        beacon
            .domains
            .iter()
            .map(|domain| {
                let Some(site) = self.config.sites.by_domain(domain) else {
                    return Admission { site: None, decision: Err(DropReason::UnknownSite) };
                };
                let decision = match verdict(beacon, &site, opted_out) {
                    Err(reason) => Err(reason),
                    Ok(()) => {
                        let enriched = enriched.get_or_insert_with(|| self.enrich(beacon, request));
                        let day = LocalDay::at(now, &site.zone)
                            .expect("the clock stands within the years of the calendar");
                        let tally = self.tally(beacon, enriched, site.id, &day, now);
                        if opted_out {
                            Ok(tally)
                        } else {
                            let tag =
                                self.config.vault.tag(site.id, &day, now, request.client, request.agent);
                            Ok(complete(tally, tag, beacon, enriched))
                        }
                    }
                };
                Admission { site: Some(site.id), decision }
            })
            .collect()
    }

    fn enrich(&self, beacon: &Beacon, request: &RequestFacts<'_>) -> Enriched {
        // The dialect refuses what is no address; another caller's beacon counts as a page without host.
        let address = Address::parse(&beacon.url).or_else(|| Address::parse("/"));
        let page = address.map_or_else(Page::default, |address| Page::of(&address, beacon.hash_routing));
        Enriched {
            source: Source::of(&page, beacon.referrer.as_deref()),
            page,
            country: self.config.geo.country(request.client, beacon.time_zone.as_deref()),
            agent: self.config.agents.read(request.agent, request.mobile_hint),
            language: classes::language(request.accept_language),
        }
    }

    /// A row that says that a page was seen, from which country and by which way, and nothing of who saw it.
    fn tally(
        &self,
        beacon: &Beacon,
        enriched: &Enriched,
        site: SiteId,
        day: &LocalDay,
        now: Timestamp,
    ) -> EventRow {
        EventRow {
            site,
            day: day.date,
            closes_at: UnixSeconds::new(day.closes_at),
            tag: None,
            time: UnixSeconds::new(now.as_second()),
            name: beacon.name.clone(),
            host: enriched.page.host.clone(),
            path: enriched.page.path.clone(),
            source: enriched.source.name.clone(),
            referrer_host: enriched.source.referrer_host.clone(),
            referrer_path: String::new(),
            utm_source: String::new(),
            utm_medium: String::new(),
            utm_campaign: String::new(),
            utm_content: String::new(),
            utm_term: String::new(),
            click_id: String::new(),
            country: enriched.country.map_or_else(String::new, |country| country.as_str().to_owned()),
            browser: String::new(),
            browser_version: String::new(),
            os: String::new(),
            os_version: String::new(),
            device: Device::Unknown,
            screen: String::new(),
            language: String::new(),
            interactive: true,
            engaged_ms: 0,
            scroll_depth: NO_SCROLL_DEPTH,
            revenue_milli: 0,
            currency: String::new(),
            props: Vec::new(),
            collector: self.config.collector_id,
        }
    }
}

/// What a row of somebody who did not opt out holds besides the tally.
fn complete(tally: EventRow, tag: VisitorTag, beacon: &Beacon, enriched: &Enriched) -> EventRow {
    let Enriched { page, source, agent, language, .. } = enriched;
    let engagement = beacon.engagement;
    EventRow {
        tag: Some(tag),
        referrer_path: source.referrer_path.clone(),
        utm_source: page.campaign.source.clone(),
        utm_medium: page.campaign.medium.clone(),
        utm_campaign: page.campaign.campaign.clone(),
        utm_content: page.campaign.content.clone(),
        utm_term: page.campaign.term.clone(),
        click_id: page.click_id.to_owned(),
        browser: agent.browser.clone(),
        browser_version: agent.browser_version.clone(),
        os: agent.os.clone(),
        os_version: agent.os_version.clone(),
        device: agent.device,
        screen: beacon.screen_width.map_or("", classes::screen).to_owned(),
        language: language.clone(),
        interactive: beacon.interactive,
        engaged_ms: engagement.and_then(|e| e.engaged_ms).unwrap_or(0),
        scroll_depth: engagement.and_then(|e| e.scroll_depth).map_or(NO_SCROLL_DEPTH, |depth| depth.min(100)),
        revenue_milli: beacon.revenue.as_ref().map_or(0, |revenue| revenue.amount_milli),
        currency: beacon
            .revenue
            .as_ref()
            .map_or_else(String::new, |revenue| revenue.currency.iter().copied().map(char::from).collect()),
        props: beacon.props.clone(),
        ..tally
    }
}

/// Whether a known site keeps this beacon.
fn verdict(beacon: &Beacon, site: &Site, opted_out: bool) -> Result<(), DropReason> {
    match site.opt_out {
        OptOutMode::Drop if opted_out => Err(DropReason::OptedOut),
        OptOutMode::Tally if opted_out && beacon.engagement.is_some() => Err(DropReason::OptedOutEngagement),
        OptOutMode::Drop | OptOutMode::Tally => Ok(()),
    }
}

#[cfg(test)]
mod tests;
