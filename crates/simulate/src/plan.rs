//! The people of a day and their visits, made up one after the other; the account is kept as they are.
//!
//! A visit is a visit by construction: no two moments of one are more than 15 minutes apart, and a person who comes back does so
//! more than 30 minutes after they left.

use events::LocalDay;

use crate::random::{Random, Weighted};
use crate::world::{GOALS, Goal, MACHINES, Machine, ORIGINS, Origin, PLACES, Place, ROBOTS};
use crate::{Account, Traffic, rhythm};

/// What somebody is to the site.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ordinary,
    OptedOut,
    Robot(&'static str),
}

pub(crate) struct Person {
    pub(crate) kind: Kind,
    pub(crate) place: &'static Place,
    pub(crate) language: &'static str,
    pub(crate) machine: &'static Machine,
    /// Stands for them on this day; looks like a hash.
    pub(crate) tag: u64,
    /// Their number of the day.
    pub(crate) number: usize,
    left_at: i64,
}

struct Visit {
    person: usize,
    origin: &'static Origin,
    moments: Vec<Moment>,
}

#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) time: i64,
    pub(crate) page: usize,
    pub(crate) deed: Deed,
    /// The first page view of the visit: it tells where the visit came from.
    pub(crate) first: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Deed {
    View,
    Engagement {
        engaged_ms: u32,
        scroll_depth: u8,
    },
    /// Milliseconds to the first byte, and by how much the rest is later.
    Vitals {
        ttfb: u32,
    },
    Goal {
        goal: &'static Goal,
        choice: u32,
        paid_kzt: u32,
    },
}

/// A moment with whose and of which visit it is.
pub(crate) struct Seen<'a> {
    pub(crate) person: &'a Person,
    pub(crate) origin: &'static Origin,
    pub(crate) moment: Moment,
}

pub(crate) struct Plan {
    people: Vec<Person>,
    visits: Vec<Visit>,
}

/// Of a thousand visits: of people who were there on this day already, of people who opted out, of robots.
const RETURNING: u64 = 180;
const OPTED_OUT: u64 = 40;
const ROBOTIC: u64 = 60;
/// Of a thousand page views: with a report of engagement, with one of vitals, with a goal.
const ENGAGED: u64 = 920;
const MEASURED: u64 = 60;
const DONE: u64 = 40;

/// How many visits have one page, two, and so on.
const DEPTHS: [u64; 9] = [46, 20, 12, 8, 5, 4, 2, 2, 1];
/// How long a page is looked at, in seconds, and how often so.
const STAYS: [(u64, u32, u32); 4] = [(35, 2, 12), (35, 13, 60), (22, 61, 240), (8, 241, 900)];
/// A visit ends after this long without anything.
const VISIT_GAP_S: i64 = 1800;

struct Maker {
    random: Random,
    local: LocalDay,
    tags: u64,
    hours: Weighted,
    pages: Weighted,
    depths: Weighted,
    stays: Weighted,
    places: Weighted,
    machines: Weighted,
    origins: Weighted,
    goals: Weighted,
    /// Numbers of people who can come back.
    known: Vec<usize>,
    plan: Plan,
}

impl Plan {
    pub(crate) fn of(traffic: &Traffic, local: &LocalDay, pages: usize, until: i64) -> (Self, Account) {
        let mut random =
            Random::of(&[traffic.seed, u64::from(traffic.site.0), local.closes_at.unsigned_abs()]);
        let wanted = rhythm::rows(traffic.rows_per_day, local.date, &mut random);
        let mut maker = Maker {
            tags: random.next(),
            random,
            local: *local,
            hours: rhythm::hours(),
            pages: Weighted::zipf(pages),
            depths: Weighted::of(DEPTHS),
            stays: Weighted::of(STAYS.map(|(weight, ..)| weight)),
            places: Weighted::of(PLACES.iter().map(|place| place.weight)),
            machines: Weighted::of(MACHINES.iter().map(|machine| machine.weight)),
            origins: Weighted::of(ORIGINS.iter().map(|origin| origin.weight)),
            goals: Weighted::of(GOALS.iter().map(|goal| goal.weight)),
            known: Vec::new(),
            plan: Self { people: Vec::new(), visits: Vec::new() },
        };
        let mut rows = 0;
        while rows < wanted {
            rows += maker.visit();
        }
        let mut plan = maker.plan;
        for visit in &mut plan.visits {
            visit.moments.retain(|moment| moment.time < until);
        }
        let account = plan.account();
        (plan, account)
    }

    /// Every moment by its time; those of one second in any order.
    pub(crate) fn order(&self) -> Vec<(usize, usize)> {
        let mut order: Vec<(i64, usize, usize)> = self
            .visits
            .iter()
            .enumerate()
            .flat_map(|(at, visit)| {
                visit.moments.iter().enumerate().map(move |(step, moment)| (moment.time, at, step))
            })
            .collect();
        order.sort_unstable_by_key(|(time, visit, step)| {
            (*time, Random::of(&[*visit as u64, *step as u64]).next())
        });
        order.into_iter().map(|(_, visit, step)| (visit, step)).collect()
    }

    pub(crate) fn seen(&self, visit: usize, step: usize) -> Seen<'_> {
        let visit = &self.visits[visit];
        Seen { person: &self.people[visit.person], origin: visit.origin, moment: visit.moments[step] }
    }

    /// What the visits count for, by what they are meant to be.
    fn account(&self) -> Account {
        let mut account = Account::default();
        let mut came = vec![false; self.people.len()];
        for visit in self.visits.iter().filter(|visit| !visit.moments.is_empty()) {
            let kind = self.people[visit.person].kind;
            let count =
                |of: fn(&Deed) -> bool| visit.moments.iter().filter(|moment| of(&moment.deed)).count() as u64;
            let views = count(|deed| matches!(deed, Deed::View));
            let goals = count(|deed| matches!(deed, Deed::Goal { .. }));
            if let Kind::Robot(_) = kind {
                account.robots += views;
                continue;
            }
            account.rows += visit.moments.len() as u64;
            account.pageviews += views;
            account.events += views + goals;
            if kind == Kind::OptedOut {
                account.opted_out_pageviews += views;
                account.opted_out_events += views + goals;
                continue;
            }
            let engaged = visit.moments.iter().map(|moment| match moment.deed {
                Deed::Engagement { engaged_ms, .. } => u64::from(engaged_ms),
                Deed::View | Deed::Vitals { .. } | Deed::Goal { .. } => 0,
            });
            let engaged: u64 = engaged.sum();
            let converted = count(|deed| matches!(deed, Deed::Goal { goal, .. } if goal.interactive));
            let times = || visit.moments.iter().map(|moment| moment.time);
            let duration = times().max().unwrap_or(0) - times().min().unwrap_or(0);
            account.visits += 1;
            account.visitors += u64::from(!std::mem::replace(&mut came[visit.person], true));
            account.bounces += u64::from(views == 1 && converted == 0 && engaged < 10_000);
            account.duration_s += duration.unsigned_abs();
            account.engaged_ms += engaged;
        }
        account
    }
}

impl Maker {
    /// Makes up one visit; how many rows a collector stores of it.
    fn visit(&mut self) -> u64 {
        let (person, start) = self.somebody();
        let kind = self.plan.people[person].kind;
        let depth = match kind {
            Kind::Robot(_) => self.random.between(1, 3),
            Kind::Ordinary | Kind::OptedOut => {
                u32::try_from(self.depths.pick(&mut self.random)).unwrap_or(0) + 1
            }
        };
        let mut moments = Vec::new();
        let mut time = start;
        for step in 0..depth {
            let page = self.pages.pick(&mut self.random);
            let stay = self.stay();
            let mut add = |time: i64, deed| {
                if time < self.local.closes_at {
                    moments.push(Moment { time, page, deed, first: step == 0 });
                }
            };
            add(time, Deed::View);
            if kind == Kind::Ordinary && self.random.permille(MEASURED) {
                add(time + 1, Deed::Vitals { ttfb: self.random.between(40, 900) });
            }
            if !matches!(kind, Kind::Robot(_)) && self.random.permille(DONE) {
                let goal = &GOALS[self.goals.pick(&mut self.random)];
                let choice = self.random.between(0, 1000);
                let paid_kzt =
                    if goal.most_kzt > 0 { self.random.between(1, goal.most_kzt / 500) * 500 } else { 0 };
                add(time + i64::from(self.random.between(1, stay)), Deed::Goal { goal, choice, paid_kzt });
            }
            if kind == Kind::Ordinary && self.random.permille(ENGAGED) {
                let engaged_ms = stay * self.random.between(400, 1000);
                let scroll_depth = u8::try_from(self.random.between(10, 100)).unwrap_or(100);
                add(time + i64::from(stay), Deed::Engagement { engaged_ms, scroll_depth });
            }
            time += i64::from(stay) + i64::from(self.random.between(0, 3));
        }
        let rows = if matches!(kind, Kind::Robot(_)) { 0 } else { moments.len() as u64 };
        let left_at = moments.iter().map(|moment| moment.time).max().unwrap_or(start);
        self.plan.people[person].left_at = left_at;
        let origin = &ORIGINS[self.origins.pick(&mut self.random)];
        self.plan.visits.push(Visit { person, origin, moments });
        rows
    }

    /// Who comes, and when.
    fn somebody(&mut self) -> (usize, i64) {
        if self.random.permille(RETURNING) && !self.known.is_empty() {
            let place = self.random.below(self.known.len() as u64);
            let person = self.known[usize::try_from(place).unwrap_or(0)];
            let away = VISIT_GAP_S + 1 + i64::from(self.random.between(0, 4 * 3600));
            let start = self.plan.people[person].left_at + away;
            if start < self.local.closes_at {
                return (person, start);
            }
        }
        let chance = self.random.below(1000);
        let kind = if chance < ROBOTIC {
            Kind::Robot(ROBOTS[usize::try_from(self.random.below(ROBOTS.len() as u64)).unwrap_or(0)])
        } else if chance < ROBOTIC + OPTED_OUT {
            Kind::OptedOut
        } else {
            Kind::Ordinary
        };
        let number = self.plan.people.len();
        let place = &PLACES[self.places.pick(&mut self.random)];
        let language = self.random.below(place.languages.len() as u64);
        let person = Person {
            kind,
            place,
            language: place.languages[usize::try_from(language).unwrap_or(0)],
            machine: &MACHINES[self.machines.pick(&mut self.random)],
            tag: Random::of(&[self.tags, number as u64]).next(),
            number,
            left_at: 0,
        };
        if kind == Kind::Ordinary {
            self.known.push(number);
        }
        self.plan.people.push(person);
        (number, self.beginning())
    }

    /// An instant of the day, by its rhythm. A day of 23 or 25 hours is squeezed or stretched.
    fn beginning(&mut self) -> i64 {
        let hour = i64::try_from(self.hours.pick(&mut self.random)).unwrap_or(0);
        let second = hour * 3600 + i64::from(self.random.between(0, 3599));
        let length = self.local.closes_at - self.local.opens_at;
        self.local.opens_at + second * length / 86_400
    }

    fn stay(&mut self) -> u32 {
        let (_, from, to) = STAYS[self.stays.pick(&mut self.random)];
        self.random.between(from, to)
    }
}
