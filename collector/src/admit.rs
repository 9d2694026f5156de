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
mod seen;

use std::sync::Arc;

use events::row::{NO_SCROLL_DEPTH, UnixSeconds};
use events::{
    Beacon, Channel, Device, DropReason, EventRow, LocalDay, OptOutMode, Site, SiteId, SiteList, VisitorTag,
};
use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::agent::{Agent, Agents, ClientHints};
use crate::bot::BotClass;
use crate::bot::data_centre::DataCentres;
use crate::channel::channel;
use crate::geo::{Geo, Place};
use crate::identity::Vault;
use crate::page::{Address, Page, scrub_owned};
use crate::rules::{RuleBook, Subject};
use crate::scrub::{self, ScrubCounts};
use crate::source::Source;
use crate::source::spam::SpamHosts;

pub use seen::Seen;

/// What an [`Admitter`] needs.
pub struct AdmitConfig {
    /// The sites known now.
    pub sites: Arc<SiteList>,
    /// Makes tags.
    pub vault: Arc<Vault>,
    /// Tells countries.
    pub geo: Arc<Geo>,
    /// Tells browsers and robots.
    pub agents: Agents,
    /// Hosts whose referrals are advertisements for themselves.
    pub spam: SpamHosts,
    /// Networks that no visitor calls from.
    pub data_centres: DataCentres,
    /// This collector's number, in every row.
    pub collector_id: u16,
}

/// What the request says besides the body. Borrowed: it ends with the request.
pub struct RequestFacts<'a> {
    /// Who sent it.
    pub client: &'a ClientAddress,
    /// `User-Agent`; empty when missing.
    pub agent: &'a str,
    /// What Chromium says of itself besides.
    pub hints: ClientHints<'a>,
    /// The page was fetched beforehand or for a preview (`Sec-Purpose`, `Purpose`, `X-Moz`, `X-Purpose`).
    pub prefetch: bool,
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
    /// The kind of robot, when that is why not.
    pub bot: Option<BotClass>,
    /// What was replaced in a beacon that is kept; with the first of its rows only, so that each replacement counts once.
    pub scrubbed: ScrubCounts,
}

impl Admission {
    /// A beacon that is dropped.
    #[must_use]
    pub fn dropped(site: Option<SiteId>, reason: DropReason) -> Self {
        Self { site, decision: Err(reason), bot: None, scrubbed: ScrubCounts::default() }
    }
}

/// Decides about beacons.
pub struct Admitter {
    config: AdmitConfig,
    rules: RuleBook,
}

/// Who sent a beacon, for all of its sites.
struct Visitor {
    agent: Arc<Agent>,
    /// Why it is no visitor.
    unwelcome: Option<(DropReason, Option<BotClass>)>,
    /// Made when the first site keeps the beacon.
    enriched: Option<Enriched>,
}

/// What is the same for every site of one beacon.
struct Enriched {
    page: Page,
    source: Source,
    channel: Channel,
    place: Place,
    agent: Arc<Agent>,
    language: String,
    name: String,
    props: Vec<(String, String)>,
    scrubbed: ScrubCounts,
}

impl Admitter {
    /// An admitter.
    #[must_use]
    pub fn new(config: AdmitConfig) -> Self {
        Self { config, rules: RuleBook::default() }
    }

    /// The sites known now.
    #[must_use]
    pub fn sites(&self) -> &SiteList {
        &self.config.sites
    }

    /// One admission for each domain of the beacon, in their order.
    #[must_use]
    pub fn admit(&self, beacon: &Beacon, request: &RequestFacts<'_>, now: Timestamp) -> Vec<Admission> {
        let opted_out = beacon.opted_out || request.opted_out;
        // Made when the first site wants it: beacons for nobody cost nothing.
        let mut visitor = None;
        beacon
            .domains
            .iter()
            .map(|domain| {
                let Some(site) = self.config.sites.by_domain(domain) else {
                    return Admission::dropped(None, DropReason::UnknownSite);
                };
                let visitor = visitor.get_or_insert_with(|| self.visitor(beacon, request));
                if let Some((reason, bot)) = visitor.unwelcome {
                    return Admission { bot, ..Admission::dropped(Some(site.id), reason) };
                }
                let opted_out = beacon.unattributed || (opted_out && site.opt_out != OptOutMode::Ignore);
                let decision = self.decide(beacon, &site, request, opted_out, now, visitor);
                let enriched = &mut visitor.enriched;
                let kept = enriched.as_mut().filter(|_| decision.is_ok());
                let scrubbed =
                    kept.map(|enriched| std::mem::take(&mut enriched.scrubbed)).unwrap_or_default();
                Admission { site: Some(site.id), decision, bot: None, scrubbed }
            })
            .collect()
    }

    fn visitor(&self, beacon: &Beacon, request: &RequestFacts<'_>) -> Visitor {
        let agent = self.config.agents.read(request.agent, request.hints);
        let unwelcome = self.unwelcome(beacon, request, &agent);
        Visitor { agent, unwelcome, enriched: None }
    }

    /// Why a beacon comes from no visitor, whatever site it is for.
    fn unwelcome(
        &self,
        beacon: &Beacon,
        request: &RequestFacts<'_>,
        agent: &Agent,
    ) -> Option<(DropReason, Option<BotClass>)> {
        if request.prefetch {
            return Some((DropReason::Prefetch, None));
        }
        let bot = if beacon.automation.is_some() {
            Some(BotClass::Automation)
        } else if self.config.data_centres.hold(request.client) {
            Some(BotClass::DataCentre)
        } else {
            agent.bot
        };
        if bot.is_some() {
            return Some((DropReason::Bot, bot));
        }
        let spam = beacon.referrer.as_deref().is_some_and(|referrer| self.config.spam.list(referrer));
        spam.then_some((DropReason::SpamReferrer, None))
    }

    /// The row of a beacon for a known site, or why there is none. The cheap questions come first.
    fn decide(
        &self,
        beacon: &Beacon,
        site: &Arc<Site>,
        request: &RequestFacts<'_>,
        opted_out: bool,
        now: Timestamp,
        visitor: &mut Visitor,
    ) -> Result<EventRow, DropReason> {
        verdict(beacon, site, opted_out)?;
        let rules = self.rules.of(site);
        let address = Address::parse(&beacon.url);
        rules.check(&Subject { host: address.map_or("", |address| address.host), client: request.client })?;

        let Visitor { agent, enriched, .. } = visitor;
        let enriched = enriched.get_or_insert_with(|| self.enrich(beacon, request, address, agent));
        let day = rules.day(now);
        let mut row = self.tally(enriched, site.id, &day, now);
        rules.check_row(&row.path, &row.country)?;
        if let Some(address) = address {
            rules.keep_query(&address, &mut row.path);
        }
        if !opted_out {
            let tag = self.config.vault.tag(site.id, &day, now, request.client, request.agent);
            row = complete(row, tag, beacon, enriched);
            rules.trim(&mut row);
        }
        Ok(row)
    }

    fn enrich(
        &self,
        beacon: &Beacon,
        request: &RequestFacts<'_>,
        address: Option<Address<'_>>,
        agent: &Arc<Agent>,
    ) -> Enriched {
        // The dialect refuses what is no address; another caller's beacon counts as a page without host.
        let address = address.or_else(|| Address::parse("/"));
        let mut scrubbed = ScrubCounts::default();
        let page = address
            .map_or_else(Page::default, |address| Page::of(&address, beacon.hash_routing, &mut scrubbed));
        let props = beacon.props.iter().map(|(name, value)| {
            let name = scrub::scrub(name, &mut scrubbed).into_owned();
            (name, scrub::value(value, &mut scrubbed).into_owned())
        });
        let props = props.collect();
        let source = Source::of(&page, beacon.referrer.as_deref(), &mut scrubbed);
        Enriched {
            channel: channel(&page, &source),
            source,
            page,
            place: self.config.geo.place(request.client, beacon.time_zone.as_deref()),
            agent: Arc::clone(agent),
            language: classes::language(request.accept_language),
            name: scrub_owned(beacon.name.clone(), &mut scrubbed),
            props,
            scrubbed,
        }
    }

    /// A row that says that a page was seen, from which country and by which way, and nothing of who saw it.
    fn tally(&self, enriched: &Enriched, site: SiteId, day: &LocalDay, now: Timestamp) -> EventRow {
        EventRow {
            site,
            day: day.date,
            closes_at: UnixSeconds::new(day.closes_at),
            tag: None,
            time: UnixSeconds::new(now.as_second()),
            name: enriched.name.clone(),
            host: enriched.page.host.clone(),
            path: enriched.page.path.clone(),
            source: enriched.source.name.clone(),
            channel: enriched.channel,
            referrer_host: enriched.source.referrer_host.clone(),
            referrer_path: String::new(),
            utm_source: String::new(),
            utm_medium: String::new(),
            utm_campaign: String::new(),
            utm_content: String::new(),
            utm_term: String::new(),
            click_id: String::new(),
            country: enriched.place.country.map_or_else(String::new, |country| country.as_str().to_owned()),
            region: String::new(),
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
    let Enriched { page, source, place, agent, language, props, .. } = enriched;
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
        region: place.region.map_or_else(String::new, |region| region.as_str().to_owned()),
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
        props: props.clone(),
        ..tally
    }
}

/// Whether a known site keeps this beacon.
fn verdict(beacon: &Beacon, site: &Site, opted_out: bool) -> Result<(), DropReason> {
    match site.opt_out {
        OptOutMode::Drop if opted_out && !beacon.unattributed => Err(DropReason::OptedOut),
        OptOutMode::Drop | OptOutMode::Tally | OptOutMode::Ignore
            if opted_out && beacon.engagement.is_some() =>
        {
            Err(DropReason::OptedOutEngagement)
        }
        OptOutMode::Drop | OptOutMode::Tally | OptOutMode::Ignore => Ok(()),
    }
}

#[cfg(test)]
mod tests;
