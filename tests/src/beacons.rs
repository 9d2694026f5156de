//! The prepared requests: 16,384 POSTs of about 190 bytes, of 500 paths, 200 agents and as many addresses as requests.
//!
//! Made from a seed, so that two runs, and both servers of one run, get the same bytes. [`Numbered`] are the same with a number
//! in the path, no two alike: what is stored can be compared with what was sent, beacon by beacon.

use std::fmt::Write as _;

/// How many there are; a power of two, so that going round is cheap.
pub const COUNT: usize = 16_384;

/// The site they are for.
pub const SITE: &str = "bench.example";

const PATHS: usize = 500;
const AGENTS: usize = 200;

/// One request, whole and in its parts.
pub struct Prepared {
    /// As it goes over the wire.
    pub wire: Vec<u8>,
    /// `User-Agent`.
    pub agent: String,
    /// `X-Forwarded-For`.
    pub address: String,
    /// The JSON.
    pub body: String,
}

/// All of them.
pub struct Beacons {
    /// In the order they are sent.
    pub all: Vec<Prepared>,
}

impl Beacons {
    /// Those of this seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut random = Random::of_seed(seed);
        let paths: Vec<String> = (0..PATHS).map(|number| path(number, &mut random)).collect();
        let agents: Vec<String> = (0..AGENTS).map(agent).collect();
        let all = (0..COUNT)
            .map(|_| {
                let (path, agent) = (random.pick(&paths), random.pick(&agents));
                prepared(path, agent, &address(&mut random), &mut random)
            })
            .collect();
        Self { all }
    }

    /// Mean length of the bodies.
    pub fn mean_body_bytes(&self) -> usize {
        self.all.iter().map(|one| one.body.len()).sum::<usize>() / self.all.len()
    }
}

/// Digits of a number in a path: letters that are no hexadecimal digits, so that nothing looks like an identifier to be scrubbed.
const DIGITS: &[u8; 16] = b"ghijklmnopqrstuv";
/// Letters of a number: enough for four billion beacons.
const LETTERS: usize = 8;
/// Stands where the number will be: the number nought.
const PLACE: &str = "/gggggggg";

/// Requests whose path ends with a number.
pub struct Numbered {
    templates: Vec<(Vec<u8>, usize)>,
}

impl Numbered {
    /// Those of this seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut random = Random::of_seed(seed);
        let paths: Vec<String> = (0..PATHS).map(|number| path(number, &mut random) + PLACE).collect();
        let agents: Vec<String> = (0..AGENTS).map(agent).collect();
        let templates = (0..COUNT)
            .map(|_| {
                let (path, agent) = (random.pick(&paths), random.pick(&agents));
                let wire = prepared(path, agent, &address(&mut random), &mut random).wire;
                let place = wire.windows(PLACE.len()).position(|part| part == PLACE.as_bytes());
                (wire, place.expect("the path stands in the request") + 1)
            })
            .collect();
        Self { templates }
    }

    /// Appends the request of this number.
    pub fn write(&self, number: u64, to: &mut Vec<u8>) {
        let index = usize::try_from(number % COUNT as u64).expect("below a usize");
        let (wire, place) = &self.templates[index];
        let start = to.len();
        to.extend_from_slice(wire);
        for (letter, byte) in to[start + place..][..LETTERS].iter_mut().rev().enumerate() {
            *byte = DIGITS[usize::try_from(number >> (4 * letter) & 15).expect("four bits")];
        }
    }

    /// The number that a stored path ends with.
    #[must_use]
    pub fn number_of(path: &str) -> Option<u64> {
        let (_, letters) = path.rsplit_once('/')?;
        if letters.len() != LETTERS {
            return None;
        }
        letters.bytes().try_fold(0, |number, letter| {
            let digit = DIGITS.iter().position(|digit| *digit == letter)?;
            Some(number << 4 | digit as u64)
        })
    }
}

/// xorshift64*: the figures must not depend on the version of a library.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// A number below this one.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    fn pick<'a>(&mut self, from: &'a [impl AsRef<str>]) -> &'a str {
        from[self.below(from.len())].as_ref()
    }
}

fn path(number: usize, random: &mut Random) -> String {
    const WORDS: [&str; 16] = [
        "about",
        "news",
        "help",
        "contacts",
        "archive",
        "services",
        "library",
        "courses",
        "kk",
        "ru",
        "documents",
        "projects",
        "team",
        "events",
        "reports",
        "questions",
    ];
    let mut path = String::new();
    for _ in 0..3 + random.below(3) {
        path.push('/');
        path.push_str(random.pick(&WORDS));
    }
    write!(path, "/page-{number}").expect("a String takes everything");
    path
}

fn agent(number: usize) -> String {
    let version = 100 + number / 8;
    match number % 8 {
        0 | 1 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36 b{}",
            number % 2
        ),
        2 => format!(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36"
        ),
        3 => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{} Mobile/15E148 Safari/604.1",
            number / 8,
            number / 8
        ),
        4 => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        5 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 YaBrowser/25.{}.0.0 Safari/537.36",
            number / 8
        ),
        6 => format!(
            "Mozilla/5.0 (Linux; Android 13; SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/{}.0 Chrome/{version}.0.0.0 Mobile Safari/537.36",
            number / 8
        ),
        _ => format!(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{} Safari/605.1.15",
            number / 8
        ),
    }
}

/// A public IPv4 address: no first byte of private, loopback, shared or multicast networks.
fn address(random: &mut Random) -> String {
    let first = loop {
        let first = 1 + random.below(222);
        if ![10, 100, 127, 169, 172, 192, 198, 203].contains(&first) {
            break first;
        }
    };
    format!("{first}.{}.{}.{}", random.below(256), random.below(256), 1 + random.below(254))
}

fn prepared(path: &str, agent: &str, address: &str, random: &mut Random) -> Prepared {
    const REFERRERS: [&str; 6] = [
        "https://www.google.com/",
        "https://yandex.kz/",
        "https://t.me/",
        "https://www.instagram.com/",
        "https://news.example.org/kk/2026/10",
        "https://bench.example/",
    ];
    const WIDTHS: [&str; 4] = ["390", "768", "1440", "1920"];
    const QUERIES: [&str; 4] = ["", "", "?utm_source=telegram", "?page=2&sort=date"];
    let body = format!(
        r#"{{"n":"pageview","u":"https://{SITE}{path}{}","d":"{SITE}","r":"{}","v":"1","w":{},"z":"Asia/Almaty"}}"#,
        random.pick(&QUERIES),
        random.pick(&REFERRERS),
        random.pick(&WIDTHS),
    );
    let wire = format!(
        "POST /api/event HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: {agent}\r\naccept-language: kk-KZ,kk;q=0.9,ru;q=0.8\r\n\
         x-forwarded-for: {address}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    Prepared { wire: wire.into_bytes(), agent: agent.to_owned(), address: address.to_owned(), body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_gives_the_same_requests_and_another_seed_others() {
        let wires = |seed| Beacons::of_seed(seed).all.into_iter().map(|one| one.wire).collect::<Vec<_>>();
        assert_eq!(wires(7), wires(7));
        assert_ne!(wires(7), wires(9));
    }

    #[test]
    fn a_numbered_request_is_as_long_as_it_says_and_its_path_tells_the_number() {
        let numbered = Numbered::of_seed(5);
        for number in [0, 1, 15, 16, 20_000, 4_294_967_295] {
            let mut wire = Vec::new();
            numbered.write(number, &mut wire);
            let wire = String::from_utf8(wire).unwrap();
            let (head, body) = wire.split_once("\r\n\r\n").unwrap();
            assert!(head.ends_with(&format!("content-length: {}", body.len())), "{wire}");
            let (_, rest) = body.split_once(SITE).unwrap();
            let path = rest.split(['?', '"']).next().unwrap();
            assert_eq!(Numbered::number_of(path), Some(number), "{path}");
        }
        assert_eq!(Numbered::number_of("/about"), None);
    }

    #[test]
    fn they_are_as_many_and_as_long_as_the_figures_say() {
        let beacons = Beacons::of_seed(1);
        let distinct = |of: fn(&Prepared) -> &str| beacons.all.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!(beacons.all.len(), COUNT);
        assert_eq!(distinct(|one| &one.agent), AGENTS);
        assert!(distinct(|one| &one.address) > COUNT - 10);
        assert!((170..=200).contains(&beacons.mean_body_bytes()), "{}", beacons.mean_body_bytes());
    }
}
