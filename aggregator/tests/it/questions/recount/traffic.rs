//! Seeded days with a bit of everything.

use events::{Channel, Device, EventRow};
use jiff::Span;
use jiff::civil::Date;

use crate::harness::Harness;

/// A small random number generator: the same questions every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

pub(super) const PATHS: &[&str] = &["/", "/kk", "/docs/a", "/docs/b.html", "/қазақша", "/it's"];
pub(super) const HOSTS: &[&str] = &["1.kz", "blog.1.kz"];
const SOURCES: &[&str] = &["", "Google", "Telegram", "o'brien\\\\ \t\"x\""];
const COUNTRIES: &[&str] = &["KZ", "KZ", "RU", ""];
pub(super) const REGIONS: &[&str] = &["KZ-75", "KZ-35", ""];
pub(super) const BROWSERS: &[&str] = &["Firefox", "Chrome", ""];
pub(super) const LANGUAGES: &[&str] = &["kk", "ru", "en"];
const PLANS: &[&str] = &["free", "paid", "Paid"];
const CHANNELS: &[Channel] = &[Channel::Direct, Channel::OrganicSocial, Channel::Email];
const DEVICES: &[Device] = &[Device::Desktop, Device::Mobile, Device::Unknown];

pub(super) fn traffic(h: &Harness, first: Date, days: usize, dice: &mut Dice) -> Vec<EventRow> {
    let mut rows = Vec::new();
    for day in 0..days {
        let day = first.checked_add(Span::new().days(i64::try_from(day).unwrap())).unwrap();
        for _ in 0..30 {
            let seconds = dice.below(6 * 3600);
            let (hour, minute, second) = (8 + seconds / 3600, seconds / 60 % 60, seconds % 60);
            let tag = u64::try_from(dice.below(8)).unwrap();
            let mut event = h.event(1, &format!("{day}T{hour:02}:{minute:02}:{second:02}"));
            let row = &mut event.0;
            row.path = dice.one(PATHS).into();
            row.host = dice.one(HOSTS).into();
            row.source = dice.one(SOURCES).into();
            row.channel = CHANNELS[dice.below(3)];
            row.country = dice.one(COUNTRIES).into();
            row.region = dice.one(REGIONS).into();
            row.browser = dice.one(BROWSERS).into();
            row.language = dice.one(LANGUAGES).into();
            row.device = DEVICES[dice.below(3)];
            row.interactive = dice.below(2) == 0;
            if dice.below(2) == 0 {
                row.props.push(("plan".into(), dice.one(PLANS).into()));
            }
            match dice.below(10) {
                0..=4 => {}
                5..=6 => {
                    row.name = "engagement".into();
                    row.engaged_ms = u32::try_from(dice.below(20_000)).unwrap();
                    row.scroll_depth = [255, 10, 60, 100][dice.below(4)];
                }
                7 => row.name = "Signup".into(),
                8 => {
                    row.name = "vitals".into();
                    row.interactive = false;
                    row.props.push(("lcp".into(), dice.below(4_000).to_string()));
                    row.props.push(("cls".into(), dice.below(400).to_string()));
                }
                _ => {
                    row.name = "Purchase".into();
                    row.revenue_milli = i64::try_from(dice.below(9_000)).unwrap();
                    row.currency = "KZT".into();
                }
            }
            event = if tag == 7 { event.opted_out() } else { event.tag(tag + 1) };
            rows.push(event.0);
        }
    }
    rows
}
