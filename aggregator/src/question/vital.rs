//! Web vitals: how pages felt to load and to use, told by percentiles.

use super::names::named;

named! {
    /// What is measured. Stored as whole numbers: milliseconds, of `cls` thousandths.
    Vital {
        /// Time to the first byte.
        Ttfb = "ttfb",
        /// First contentful paint.
        Fcp = "fcp",
        /// Largest contentful paint.
        Lcp = "lcp",
        /// Cumulative layout shift, without unit.
        Cls = "cls",
        /// Interaction to next paint.
        Inp = "inp",
    }
}

/// The smallest measurement that at least so many percent of all do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// The median.
    P50,
    /// What three of four do not exceed: the one that is quoted.
    P75,
    /// What nine of ten do not exceed.
    P90,
    /// What all but one of a hundred do not exceed.
    P99,
}

impl Percentile {
    /// Every percentile, in the order answers are computed in.
    pub const ALL: [Self; 4] = [Self::P50, Self::P75, Self::P90, Self::P99];

    /// Of how many percent.
    #[must_use]
    pub const fn percent(self) -> u64 {
        match self {
            Self::P50 => 50,
            Self::P75 => 75,
            Self::P90 => 90,
            Self::P99 => 99,
        }
    }
}

impl Vital {
    /// Name of the metric.
    pub(super) const fn metric(self, percentile: Percentile) -> &'static str {
        let [p50, p75, p90, p99] = match self {
            Self::Ttfb => ["ttfb_p50", "ttfb_p75", "ttfb_p90", "ttfb_p99"],
            Self::Fcp => ["fcp_p50", "fcp_p75", "fcp_p90", "fcp_p99"],
            Self::Lcp => ["lcp_p50", "lcp_p75", "lcp_p90", "lcp_p99"],
            Self::Cls => ["cls_p50", "cls_p75", "cls_p90", "cls_p99"],
            Self::Inp => ["inp_p50", "inp_p75", "inp_p90", "inp_p99"],
        };
        match percentile {
            Percentile::P50 => p50,
            Percentile::P75 => p75,
            Percentile::P90 => p90,
            Percentile::P99 => p99,
        }
    }
}
