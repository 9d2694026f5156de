//! In a build without the feature: the provider that can't be there.

use serve::clock::Clock;

use super::{Beginning, ConfigError, OidcConfig, OidcError, Person, Returned};

/// None is ever made.
pub(crate) enum Provider {}

impl Provider {
    pub(crate) fn new(
        _: &OidcConfig,
        _staff_origin: &str,
        _device_key: &[u8; 32],
        _: Clock,
    ) -> Result<Self, ConfigError> {
        Err(ConfigError::NotBuilt)
    }

    pub(crate) fn name(&self) -> &str {
        match *self {}
    }

    pub(crate) async fn begin(&self) -> Result<Beginning, OidcError> {
        match *self {}
    }

    pub(crate) async fn finish(&self, _: Option<&str>, _: Returned) -> Result<Person, OidcError> {
        match *self {}
    }
}
