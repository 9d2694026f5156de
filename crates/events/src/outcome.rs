//! What became of a beacon. Every beacon has exactly one outcome, and the counters always add up (promise 4).

use std::fmt;

/// The one thing that became of a beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// In the journal on disk, and from there in ClickHouse exactly once. Answered 202.
    Stored,
    /// Well formed, but not kept by policy. Answered 202 with a header that names the reason.
    Dropped(DropReason),
    /// Malformed (4xx) or not acceptable now (503). Answered with a stable code.
    Refused(RefuseReason),
}

/// Names an enum's variants once: the code in headers, metrics and answers, and the list for zeroed counters.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every variant, so that a counter can start at 0 for each.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code: in headers, metric labels and answers. Never changes its meaning.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.code()) }
        }
    };
}

coded! {
    /// Why a well-formed beacon was not kept.
    DropReason {
        /// No site of that domain is registered here.
        UnknownSite = "unknown_site",
        /// The browser fetched the page beforehand, or for a preview: nobody has seen it yet.
        Prefetch = "prefetch",
        /// A robot, or a browser that a program drives.
        Bot = "bot",
        /// The referrer is a site that advertises itself in other people's statistics.
        SpamReferrer = "spam_referrer",
        /// The visitor opted out and the site drops such beacons entirely.
        OptedOut = "opted_out",
        /// An engagement report of a visitor who opted out: a tally has nothing to attach it to.
        OptedOutEngagement = "opted_out_engagement",
        /// The page's host is none of those the site takes beacons from.
        HostNotAllowed = "host_not_allowed",
        /// The site shields itself from the visitor's address.
        ShieldAddress = "shield_address",
        /// The site shields itself from the visitor's country.
        ShieldCountry = "shield_country",
        /// The site shields itself from beacons of this page.
        ShieldPage = "shield_page",
        /// The site shields itself from beacons of this host.
        ShieldHost = "shield_host",
        /// What another tool's tracker reports beyond statistics of visits: who somebody is, how fast a machine was.
        NotCovered = "not_covered",
    }
}

coded! {
    /// Why a beacon was refused.
    RefuseReason {
        /// The body is not JSON, or not an object.
        MalformedBody = "malformed_body",
        /// A required field is missing or blank, or a field has a value that cannot be meant.
        InvalidField = "invalid_field",
        /// The body is longer than the limit.
        BodyTooLarge = "body_too_large",
        /// The body did not arrive in time, or the connection ended within it.
        BodyIncomplete = "body_incomplete",
        /// The content type is neither `text/plain` nor `application/json`.
        UnsupportedMediaType = "unsupported_media_type",
        /// The journal can't take it now: disk full, size cap, or stopping. Answered 503 with `Retry-After`.
        JournalUnavailable = "journal_unavailable",
        /// More beacons are in flight than may be. Answered 503 with `Retry-After`.
        Overloaded = "overloaded",
        /// A batch came without a site key, or with one that is unknown, revoked or for something else.
        InvalidKey = "invalid_key",
        /// A batch has more items than may be.
        TooManyItems = "too_many_items",
        /// An item of a batch is for another site than its key.
        ForeignSite = "foreign_site",
        /// An item of a batch tells of a day that has closed.
        DayClosed = "day_closed",
        /// An item of a batch tells of the future.
        InFuture = "in_future",
        /// The network it comes from has sent more than its share. Answered 429 with `Retry-After`.
        RateLimited = "rate_limited",
    }
}

impl Outcome {
    /// The `outcome` label of `sanaq_beacons_total`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Dropped(_) => "dropped",
            Self::Refused(_) => "refused",
        }
    }

    /// The `reason` label of `sanaq_beacons_total`; empty for a stored beacon.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Stored => "",
            Self::Dropped(reason) => reason.code(),
            Self::Refused(reason) => reason.code(),
        }
    }

    /// Every outcome there is, so that each counter can start at 0.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Stored)
            .chain(DropReason::ALL.iter().copied().map(Self::Dropped))
            .chain(RefuseReason::ALL.iter().copied().map(Self::Refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_outcome_has_its_own_label_and_reason() {
        let seen: HashSet<_> = Outcome::all().map(|o| (o.label(), o.reason())).collect();
        assert_eq!(seen.len(), Outcome::all().count());
    }
}
