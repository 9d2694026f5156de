//! By which way a visit came: the closed list of channels.
//!
//! The codes are the names Plausible's stats API gives them, because reports and filters that people bring along say
//! `visit:channel` with these very words.

use std::fmt;

macro_rules! channels {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// By which way a visit came.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum Channel { $($(#[$doc])* $variant,)+ }

        impl Channel {
            /// Every channel.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code: in the column, in answers and in filters. Never changes its meaning.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

channels! {
    /// Nothing says where from: typed, bookmarked, or from a program that does not tell.
    #[default]
    Direct = "Direct",
    /// A link on another site.
    Referral = "Referral",
    /// An unpaid result of a search engine.
    OrganicSearch = "Organic Search",
    /// A post or a message on a social network or in a messenger.
    OrganicSocial = "Organic Social",
    /// A video or its description.
    OrganicVideo = "Organic Video",
    /// A shop or a marketplace.
    OrganicShopping = "Organic Shopping",
    /// An answer of an AI assistant.
    AiAssistants = "AI Assistants",
    /// A letter.
    Email = "Email",
    /// A short message to a phone.
    Sms = "SMS",
    /// A notification on a phone.
    MobilePush = "Mobile Push Notifications",
    /// An affiliate's link.
    Affiliates = "Affiliates",
    /// A podcast or another thing to hear.
    Audio = "Audio",
    /// An advertisement among search results.
    PaidSearch = "Paid Search",
    /// An advertisement on a social network.
    PaidSocial = "Paid Social",
    /// An advertisement in or before a video.
    PaidVideo = "Paid Video",
    /// An advertisement on a shop or marketplace.
    PaidShopping = "Paid Shopping",
    /// An advertisement somewhere else.
    PaidOther = "Paid Other",
    /// A banner.
    Display = "Display",
    /// A campaign that an advertiser spreads over its networks.
    CrossNetwork = "Cross-network",
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_channel_has_its_own_code() {
        let codes: HashSet<_> = Channel::ALL.iter().map(|channel| channel.code()).collect();
        assert_eq!(codes.len(), Channel::ALL.len());
    }
}
