//! The country a visit came from, and nothing finer.
//!
//! From a geographic database (`mmdb`) when there is one, else from the time zone the browser reports. The address is looked
//! up and forgotten; there is no cache, which would have to hold addresses, and none is needed: a lookup takes about 0.1 µs.
//!
//! Both schemas in use are read: nested (`country.iso_code`: MaxMind, DB-IP, ours) and flat (`country_code`: ip-location-db).

pub mod build;
mod mmdb;
mod zones;

use std::path::Path;

use maxminddb::{MaxMindDbError, PathElement, Reader};

use crate::address::ClientAddress;

/// An ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

/// Codes that databases use for "nowhere", "several" or "withdrawn": not a country.
const NO_COUNTRIES: [&[u8; 2]; 12] =
    [b"ZZ", b"XX", b"T1", b"EU", b"AP", b"A1", b"A2", b"O1", b"CS", b"AN", b"AA", b"QM"];

impl Country {
    /// The country of this code; `None` when it stands for none.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.to_ascii_uppercase().into_bytes().try_into().ok()?;
        if !code.iter().all(u8::is_ascii_alphanumeric) || NO_COUNTRIES.contains(&&code) {
            return None;
        }
        Some(Self(match &code {
            b"UK" => *b"GB",
            b"TP" => *b"TL",
            _ => code,
        }))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Made of ASCII only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Tells the country of a visit.
pub struct Geo {
    database: Option<Database>,
}

struct Database {
    // Read, not mapped: mapping is unsafe, since a file that is replaced in place would change under us.
    reader: Reader<Vec<u8>>,
    path: &'static [PathElement<'static>],
}

/// Where the code stands in a record, by schema.
const SCHEMAS: [&[PathElement<'static>]; 2] =
    [&[PathElement::Key("country"), PathElement::Key("iso_code")], &[PathElement::Key("country_code")]];

/// Records looked at to tell the schema. Not every network has a country, so the first may say nothing.
const RECORDS_TRIED: usize = 1000;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// Not readable, or no mmdb.
    #[error("the geographic database can't be read: {0}")]
    Unreadable(#[from] MaxMindDbError),
    /// An mmdb of something else.
    #[error(
        "the geographic database has no countries in a schema known here (country.iso_code or country_code)"
    )]
    NoCountries,
}

impl Geo {
    /// Countries by the browser's time zone alone.
    #[must_use]
    pub fn time_zone_only() -> Self {
        Self { database: None }
    }

    /// Countries by an mmdb file, and by the time zone where the file has none.
    ///
    /// # Errors
    /// When the file is no mmdb with countries.
    pub fn open(path: &Path) -> Result<Self, GeoError> {
        Self::of(Reader::open_readfile(path)?)
    }

    fn of(reader: Reader<Vec<u8>>) -> Result<Self, GeoError> {
        let path = schema(&reader)?;
        Ok(Self { database: Some(Database { reader, path }) })
    }

    /// The country of a visit.
    #[must_use]
    pub fn country(&self, client: &ClientAddress, time_zone: Option<&str>) -> Option<Country> {
        let by_address = self.database.as_ref().and_then(|database| {
            let found = database.reader.lookup(client.for_lookup()).ok()?;
            Country::from_code(found.decode_path::<&str>(database.path).ok()??)
        });
        by_address.or_else(|| zones::country(time_zone?))
    }

    /// What the database says about itself, its licence included; shown where countries are. `None` without a database.
    #[must_use]
    pub fn attribution(&self) -> Option<&str> {
        let metadata = self.database.as_ref()?.reader.metadata();
        metadata.description.get("en").or_else(|| metadata.description.values().next()).map(String::as_str)
    }

    /// When the database was built, in Unix seconds; `None` without one.
    #[must_use]
    pub fn built_at(&self) -> Option<u64> {
        Some(self.database.as_ref()?.reader.metadata().build_epoch)
    }
}

/// The schema by which a database's records give a country.
fn schema(reader: &Reader<Vec<u8>>) -> Result<&'static [PathElement<'static>], GeoError> {
    for record in reader.networks(maxminddb::WithinOptions::default())?.take(RECORDS_TRIED) {
        let record = record?;
        for path in SCHEMAS {
            if record.decode_path::<&str>(path).ok().flatten().is_some() {
                return Ok(path);
            }
        }
    }
    Err(GeoError::NoCountries)
}

#[cfg(test)]
mod tests;
