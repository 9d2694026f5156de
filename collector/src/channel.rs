//! By which way a visit came: the ordered rules of GA4's channel groups as Plausible publishes them, first match wins.
//!
//! Where ours go further, the line says so. Messengers count as social networks, as elsewhere.

use events::Channel;

use crate::page::Page;
use crate::source::{Kind, Source};

/// Media that mean a banner.
const DISPLAY: &[&str] = &["display", "banner", "expandable", "interstitial", "cpm"];
/// Media that mean a social network.
const SOCIAL: &[&str] = &[
    "social",
    "social-network",
    "social-media",
    "sm",
    "social network",
    "social media",
    "social_network",
    "social_media",
];
/// What a letter's source or medium contains.
const LETTER: &[&str] = &["email", "e-mail", "e_mail", "e mail", "newsletter"];
/// Click ids that a search engine adds to advertisements: with its own name as the source they mean paid search. Plausible has
/// Google's and Bing's first ones; the rest are what Google and Yandex add today.
const PAID_CLICKS: &[(&str, &[&str])] =
    &[("Google", &["gclid", "gbraid", "wbraid"]), ("Bing", &["msclkid"]), ("Yandex", &["yclid"])];

/// The channel of a view of this page from this source.
#[must_use]
pub fn channel(page: &Page, source: &Source) -> Channel {
    let lower = |text: &str| text.to_lowercase();
    let said = lower(&page.campaign.source);
    let medium = lower(&page.campaign.medium);
    let campaign = lower(&page.campaign.campaign);
    let paid_medium = is_paid(&medium);
    let paid = paid_medium || source.paid;
    let is = |kinds: &[Kind]| source.kind.is_some_and(|kind| kinds.contains(&kind));
    let (search, video, shop) = (is(&[Kind::Search]), is(&[Kind::Video]), is(&[Kind::Shopping]));
    let social = is(&[Kind::Social, Kind::Messenger]);
    let names_a_shop = names_a_shop(&campaign);
    let letter = |text: &str| LETTER.iter().any(|part| text.contains(part));

    match () {
        () if campaign.contains("cross-network") => Channel::CrossNetwork,
        () if paid_medium && (shop || names_a_shop) => Channel::PaidShopping,
        () if (search && paid) || is_paid_click(source, page.click_id) => Channel::PaidSearch,
        () if social && paid => Channel::PaidSocial,
        () if video && paid => Channel::PaidVideo,
        () if DISPLAY.contains(&medium.as_str()) => Channel::Display,
        () if paid_medium => Channel::PaidOther,
        () if shop || names_a_shop => Channel::OrganicShopping,
        () if social || SOCIAL.contains(&medium.as_str()) => Channel::OrganicSocial,
        () if video || medium.contains("video") => Channel::OrganicVideo,
        () if is(&[Kind::Assistant]) => Channel::AiAssistants,
        // GA4 also takes the medium's word for it.
        () if search || medium == "organic" => Channel::OrganicSearch,
        () if is(&[Kind::Mail]) || letter(&said) || letter(&medium) => Channel::Email,
        () if matches!(medium.as_str(), "affiliate" | "affiliates") => Channel::Affiliates,
        () if medium == "audio" => Channel::Audio,
        () if said == "sms" || medium == "sms" => Channel::Sms,
        () if medium.ends_with("push")
            || medium.contains("mobile")
            || medium.contains("notification")
            || said == "firebase" =>
        {
            Channel::MobilePush
        }
        () if matches!(medium.as_str(), "referral" | "app" | "link") || !source.name.is_empty() => {
            Channel::Referral
        }
        () => Channel::Direct,
    }
}

fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid")
}

fn is_paid_click(source: &Source, click_id: &str) -> bool {
    !click_id.is_empty()
        && PAID_CLICKS.iter().any(|(name, ids)| source.name == *name && ids.contains(&click_id))
}

/// `shop` at the beginning of a word or after an `e`, or `shopping` anywhere; a bishop and a workshop are no shops.
fn names_a_shop(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign
            .match_indices("shop")
            .any(|(at, _)| !campaign[..at].ends_with(|c: char| c.is_ascii_lowercase() && c != 'e'))
}

#[cfg(test)]
mod tests;
