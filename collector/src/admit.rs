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
use events::{Beacon, Channel, Device, DropReason, EventRow, LocalDay, OptOutMode, Site, SiteId, SiteList};
use jiff::Timestamp;

use crate::address::ClientAddress;
use crate::agent::{Agent, Agents, ClientHints};
use crate::bot::BotClass;
use crate::bot::data_centre::DataCentres;
use crate::channel::channel;
use crate::geo::{Country, Geo, Place};
use crate::identity::Vault;
use crate::page::{Address, Page, scrub_owned};
use crate::rules::{RuleBook, Subject};
use crate::scrub::{self, ScrubCounts};
use crate::source::spam::SpamHosts;
use crate::source::{Referrer, Source};

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
struct Visitor<'a> {
    agent: Arc<Agent>,
    referrer: Option<Referrer<'a>>,
    /// Why it is no visitor.
    unwelcome: Option<(DropReason, Option<BotClass>)>,
    /// Made when the first site keeps the beacon.
    enriched: Option<Enriched>,
    /// What was replaced and is not counted yet.
    scrubbed: ScrubCounts,
}

/// What is the same for every site of one beacon.
#[derive(Clone)]
struct Enriched {
    page: Page,
    source: Source,
    channel: Channel,
    place: Place,
    agent: Arc<Agent>,
    language: String,
    name: String,
    props: Vec<(String, String)>,
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
        let last = beacon.domains.len().saturating_sub(1);
        (0..)
            .zip(&beacon.domains)
            .map(|(place, domain)| {
                let Some(site) = self.config.sites.by_domain(domain) else {
                    return Admission::dropped(None, DropReason::UnknownSite);
                };
                let visitor = visitor.get_or_insert_with(|| self.visitor(beacon, request));
                if let Some((reason, bot)) = visitor.unwelcome {
                    return Admission { bot, ..Admission::dropped(Some(site.id), reason) };
                }
                let opted_out = beacon.unattributed || (opted_out && site.opt_out != OptOutMode::Ignore);
                let decision = self.decide(beacon, &site, request, opted_out, now, visitor, place == last);
                let scrubbed = match decision {
                    Ok(_) => std::mem::take(&mut visitor.scrubbed),
                    Err(_) => ScrubCounts::default(),
                };
                Admission { site: Some(site.id), decision, bot: None, scrubbed }
            })
            .collect()
    }

    fn visitor<'a>(&self, beacon: &'a Beacon, request: &RequestFacts<'_>) -> Visitor<'a> {
        let agent = self.config.agents.read(request.agent, request.hints);
        let referrer = beacon.referrer.as_deref().and_then(Referrer::parse);
        let unwelcome = self.unwelcome(beacon, request, &agent, referrer.as_ref());
        Visitor { agent, referrer, unwelcome, enriched: None, scrubbed: ScrubCounts::default() }
    }

    /// Why a beacon comes from no visitor, whatever site it is for.
    fn unwelcome(
        &self,
        beacon: &Beacon,
        request: &RequestFacts<'_>,
        agent: &Agent,
        referrer: Option<&Referrer<'_>>,
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
        let spam = referrer.is_some_and(|referrer| self.config.spam.list(&referrer.host));
        spam.then_some((DropReason::SpamReferrer, None))
    }

    /// The row of a beacon for a known site, or why there is none. The cheap questions come first.
    #[allow(clippy::too_many_arguments, reason = "private, called once; a struct would only name them again")]
    fn decide(
        &self,
        beacon: &Beacon,
        site: &Arc<Site>,
        request: &RequestFacts<'_>,
        opted_out: bool,
        now: Timestamp,
        visitor: &mut Visitor<'_>,
        last: bool,
    ) -> Result<EventRow, DropReason> {
        verdict(beacon, site, opted_out)?;
        let rules = self.rules.of(site);
        let address = Address::parse(&beacon.url);
        rules.check(&Subject { host: address.map_or("", |address| address.host), client: request.client })?;

        let enriched =
            visitor.enriched.take().unwrap_or_else(|| self.enrich(beacon, request, address, visitor));
        // Texts are copied for the sites before the last; nearly every beacon has but one.
        if !last {
            visitor.enriched = Some(enriched.clone());
        }
        let country = enriched.place.country.as_ref().map_or("", Country::as_str);
        rules.check_row(&enriched.page.path, country)?;
        let day = rules.day(now);
        let mut row = self.blank(site.id, &day, now);
        if opted_out {
            tally(&mut row, enriched);
        } else {
            row.tag = Some(self.config.vault.tag(site.id, &day, now, request.client, request.agent));
            complete(&mut row, beacon, enriched);
            rules.trim(&mut row);
        }
        if let Some(address) = address {
            rules.keep_query(&address, &mut row.path);
        }
        Ok(row)
    }

    fn enrich(
        &self,
        beacon: &Beacon,
        request: &RequestFacts<'_>,
        address: Option<Address<'_>>,
        visitor: &mut Visitor<'_>,
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
        let source = Source::of(&page, visitor.referrer.as_ref(), &mut scrubbed);
        let name = scrub_owned(beacon.name.clone(), &mut scrubbed);
        visitor.scrubbed = scrubbed;
        Enriched {
            channel: channel(&page, &source),
            source,
            page,
            place: self.config.geo.place(request.client, beacon.time_zone.as_deref()),
            agent: Arc::clone(&visitor.agent),
            language: classes::language(request.accept_language),
            name,
            props,
        }
    }

    /// A row that says when and where a beacon came in, and nothing else.
    fn blank(&self, site: SiteId, day: &LocalDay, now: Timestamp) -> EventRow {
        EventRow {
            site,
            day: day.date,
            closes_at: UnixSeconds::new(day.closes_at),
            tag: None,
            time: UnixSeconds::new(now.as_second()),
            name: String::new(),
            host: String::new(),
            path: String::new(),
            source: String::new(),
            channel: Channel::Direct,
            referrer_host: String::new(),
            referrer_path: String::new(),
            utm_source: String::new(),
            utm_medium: String::new(),
            utm_campaign: String::new(),
            utm_content: String::new(),
            utm_term: String::new(),
            click_id: String::new(),
            country: String::new(),
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

/// Says that a page was seen, from which country and by which way, and nothing of who saw it.
fn tally(row: &mut EventRow, enriched: Enriched) {
    let Enriched { page, source, channel, place, name, .. } = enriched;
    row.name = name;
    row.host = page.host;
    row.path = page.path;
    row.source = source.name;
    row.channel = channel;
    row.referrer_host = source.referrer_host;
    row.country = place.country.map_or_else(String::new, |country| country.as_str().to_owned());
}

/// Says all that is kept of somebody who did not opt out.
fn complete(row: &mut EventRow, beacon: &Beacon, mut enriched: Enriched) {
    let campaign = std::mem::take(&mut enriched.page.campaign);
    row.utm_source = campaign.source;
    row.utm_medium = campaign.medium;
    row.utm_campaign = campaign.campaign;
    row.utm_content = campaign.content;
    row.utm_term = campaign.term;
    row.click_id = enriched.page.click_id.to_owned();
    row.referrer_path = std::mem::take(&mut enriched.source.referrer_path);
    row.region = enriched.place.region.map_or_else(String::new, |region| region.as_str().to_owned());
    row.browser.clone_from(&enriched.agent.browser);
    row.browser_version.clone_from(&enriched.agent.browser_version);
    row.os.clone_from(&enriched.agent.os);
    row.os_version.clone_from(&enriched.agent.os_version);
    row.device = enriched.agent.device;
    row.screen = beacon.screen_width.map_or("", classes::screen).to_owned();
    row.language = std::mem::take(&mut enriched.language);
    row.interactive = beacon.interactive;
    row.engaged_ms = beacon.engagement.and_then(|engagement| engagement.engaged_ms).unwrap_or(0);
    let depth = beacon.engagement.and_then(|engagement| engagement.scroll_depth);
    row.scroll_depth = depth.map_or(NO_SCROLL_DEPTH, |depth| depth.min(100));
    if let Some(revenue) = &beacon.revenue {
        row.revenue_milli = revenue.amount_milli;
        row.currency = revenue.currency.iter().copied().map(char::from).collect();
    }
    row.props = std::mem::take(&mut enriched.props);
    tally(row, enriched);
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
