use std::collections::HashSet;

use super::*;
use crate::page::Address;
use crate::scrub::ScrubCounts;
use crate::source::Referrer;

fn of(query: &str, referrer: &str) -> Channel {
    let url = format!("https://example.kz/a?{query}");
    let mut scrubbed = ScrubCounts::default();
    let page = Page::of(&Address::parse(&url).unwrap(), false, &mut scrubbed);
    channel(&page, &Source::of(&page, Referrer::parse(referrer).as_ref(), &mut scrubbed))
}

const CASES: &[(&str, &str, Channel)] = &[
    ("", "", Channel::Direct),
    ("", "https://example.kz/b", Channel::Direct),
    ("utm_campaign=summer", "", Channel::Direct),
    ("", "https://other.kz/x", Channel::Referral),
    ("ref=partner", "", Channel::Referral),
    ("utm_medium=referral", "", Channel::Referral),
    ("utm_medium=app", "", Channel::Referral),
    ("utm_medium=Link", "", Channel::Referral),
    ("", "https://www.nur.kz/society/1", Channel::Referral),
    ("", "https://www.google.kz/", Channel::OrganicSearch),
    ("", "https://yandex.kz/search/", Channel::OrganicSearch),
    ("ysclid=abc", "https://ya.ru/", Channel::OrganicSearch),
    ("utm_medium=organic", "", Channel::OrganicSearch),
    ("utm_source=bing", "", Channel::OrganicSearch),
    ("", "https://t.me/channel", Channel::OrganicSocial),
    ("", "https://ok.ru/group/1", Channel::OrganicSocial),
    ("", "https://vk.ru/", Channel::OrganicSocial),
    ("", "https://wa.me/", Channel::OrganicSocial),
    ("utm_source=ig", "", Channel::OrganicSocial),
    ("utm_medium=sm", "", Channel::OrganicSocial),
    ("utm_medium=Social-Media", "https://other.kz/", Channel::OrganicSocial),
    ("fbclid=abc", "https://l.facebook.com/", Channel::OrganicSocial),
    ("", "android-app://org.telegram.messenger/", Channel::OrganicSocial),
    ("", "https://youtu.be/x", Channel::OrganicVideo),
    ("utm_medium=my-video-channel", "", Channel::OrganicVideo),
    ("", "https://kaspi.kz/shop/p/x", Channel::OrganicShopping),
    ("utm_campaign=e-shop", "", Channel::OrganicShopping),
    ("utm_campaign=winter+shopping", "", Channel::OrganicShopping),
    ("utm_campaign=eshop", "", Channel::OrganicShopping),
    ("utm_campaign=workshop", "", Channel::Direct),
    ("utm_campaign=bishop", "", Channel::Direct),
    ("", "https://chatgpt.com/c/1", Channel::AiAssistants),
    ("utm_source=chatgpt.com", "", Channel::AiAssistants),
    ("", "https://claude.ai/", Channel::AiAssistants),
    ("", "https://mail.google.com/", Channel::Email),
    ("utm_source=monthly-newsletter", "", Channel::Email),
    ("utm_medium=E-Mail", "", Channel::Email),
    ("utm_medium=e_mail", "", Channel::Email),
    ("utm_source=sms", "", Channel::Sms),
    ("utm_medium=sms", "", Channel::Sms),
    ("utm_medium=webpush", "", Channel::MobilePush),
    ("utm_medium=notification", "", Channel::MobilePush),
    ("utm_source=firebase", "", Channel::MobilePush),
    ("utm_medium=affiliate", "", Channel::Affiliates),
    ("utm_medium=audio", "", Channel::Audio),
    ("utm_source=google&utm_medium=cpc", "", Channel::PaidSearch),
    ("utm_source=yandex-direct", "", Channel::PaidSearch),
    ("utm_source=googleads", "", Channel::PaidSearch),
    ("utm_medium=ppc", "https://www.bing.com/", Channel::PaidSearch),
    ("gclid=abc", "https://www.google.com/", Channel::PaidSearch),
    ("gbraid=abc", "https://www.google.com/", Channel::PaidSearch),
    ("msclkid=abc", "https://www.bing.com/", Channel::PaidSearch),
    ("yclid=1", "https://yandex.kz/", Channel::PaidSearch),
    ("gclid=abc", "https://other.kz/", Channel::Referral),
    ("gclid=abc", "", Channel::Direct),
    ("utm_source=facebook&utm_medium=paid_social", "", Channel::PaidSocial),
    ("utm_source=vk_ads", "", Channel::PaidSocial),
    ("utm_source=tg&utm_medium=cpm", "", Channel::PaidSocial),
    ("utm_source=youtube&utm_medium=cpc", "", Channel::PaidVideo),
    ("utm_source=kaspi&utm_medium=cpc", "", Channel::PaidShopping),
    ("utm_medium=cpc&utm_campaign=shop-sale", "", Channel::PaidShopping),
    ("utm_medium=banner", "https://nur.kz/", Channel::Display),
    ("utm_medium=cpm", "", Channel::Display),
    ("utm_medium=retargeting", "", Channel::PaidOther),
    ("utm_medium=cpc", "https://other.kz/", Channel::PaidOther),
    ("utm_campaign=Spring-Cross-Network&utm_medium=cpc&utm_source=google", "", Channel::CrossNetwork),
];

#[test]
fn the_first_rule_that_fits_decides() {
    for (query, referrer, expected) in CASES {
        assert_eq!(of(query, referrer), *expected, "{query} {referrer}");
    }
}

#[test]
fn every_channel_has_a_case() {
    let seen: HashSet<_> = CASES.iter().map(|(_, _, channel)| *channel).collect();
    assert_eq!(seen.len(), Channel::ALL.len());
}
