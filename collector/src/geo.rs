//! The country a visit came from; the region too where the operator asks for it, and nothing finer.
//!
//! From a geographic database (`mmdb`) when there is one, else from the time zone the browser reports. The address is looked
//! up and forgotten; there is no cache, which would have to hold addresses, and none is needed: a lookup takes about 0.1 µs.
//!
//! Both schemas in use are read: nested (`country.iso_code`: MaxMind, DB-IP, ours) and flat (`country_code`: ip-location-db).
//!
//! A database that is replaced on disk is taken up without a restart ([`Geo::refresh`]); one that can't be read is not, and the one
//! before goes on.

pub mod build;
mod mmdb;
mod region;
mod zones;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use maxminddb::{MaxMindDbError, PathElement, Reader};

use crate::address::ClientAddress;
pub use region::Region;

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

/// Tells where a visit came from.
pub struct Geo {
    database: RwLock<Option<Arc<Database>>>,
    file: Option<PathBuf>,
    /// What the file was like when it was last tried.
    tried: Mutex<Option<FileState>>,
    failures: AtomicU64,
    regions: bool,
}

/// Where a visit came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The country; `None` when unknown.
    pub country: Option<Country>,
    /// The region; `None` unless regions are asked for and the database knows it.
    pub region: Option<Region>,
}

/// What became of a look at the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It is the one in use, or one that was tried already.
    Unchanged,
    /// It was replaced, and the new one is in use.
    Reloaded,
    /// It was replaced by one that can't be used. The one before goes on.
    Failed,
}

/// Length and time of change: what tells a file that was replaced.
type FileState = (u64, Option<SystemTime>);

struct Database {
    // Read, not mapped: mapping is unsafe, since a file that is replaced in place would change under us.
    reader: Reader<Vec<u8>>,
    path: &'static [PathElement<'static>],
}

/// Where the code stands in a record, by schema.
const SCHEMAS: [&[PathElement<'static>]; 2] =
    [&[PathElement::Key("country"), PathElement::Key("iso_code")], &[PathElement::Key("country_code")]];

/// Where the region stands: a code in the nested schema, a name in the flat one.
const REGION_CODE: &[PathElement<'static>] =
    &[PathElement::Key("subdivisions"), PathElement::Index(0), PathElement::Key("iso_code")];
const REGION_NAME: &[PathElement<'static>] = &[PathElement::Key("state1")];

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
        Self::with(None, None, None)
    }

    /// Countries by an mmdb file, and by the time zone where the file has none.
    ///
    /// # Errors
    /// When the file is no mmdb with countries.
    pub fn open(path: &Path) -> Result<Self, GeoError> {
        // Before it is read: a file replaced in between is then read twice, not missed.
        let state = file_state(path);
        let database = Database::of(Reader::open_readfile(path)?)?;
        Ok(Self::with(Some(database), Some(path.to_owned()), state))
    }

    /// The same, with regions where the database has them.
    #[must_use]
    pub fn with_regions(mut self, regions: bool) -> Self {
        self.regions = regions;
        self
    }

    fn with(database: Option<Database>, file: Option<PathBuf>, state: Option<FileState>) -> Self {
        Self {
            database: RwLock::new(database.map(Arc::new)),
            file,
            tried: Mutex::new(state),
            failures: AtomicU64::new(0),
            regions: false,
        }
    }

    /// Takes up the file if it was replaced since it was last tried. Reads it whole: not for the beacon path.
    pub fn refresh(&self) -> Refresh {
        let Some(file) = &self.file else { return Refresh::Unchanged };
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let state = file_state(file);
        if state == *tried {
            return Refresh::Unchanged;
        }
        *tried = state;
        let read = Reader::open_readfile(file).map_err(GeoError::from).and_then(Database::of);
        let Ok(database) = read else {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Refresh::Failed;
        };
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(database));
        Refresh::Reloaded
    }

    /// How often a replaced file could not be used.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn database(&self) -> Option<Arc<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where a visit came from.
    #[must_use]
    pub fn place(&self, client: &ClientAddress, time_zone: Option<&str>) -> Place {
        let by_address = self.database().and_then(|database| database.place(client, self.regions));
        by_address.unwrap_or_else(|| Place { country: time_zone.and_then(zones::country), region: None })
    }

    /// The country of a visit.
    #[must_use]
    pub fn country(&self, client: &ClientAddress, time_zone: Option<&str>) -> Option<Country> {
        self.place(client, time_zone).country
    }

    /// What the database says about itself, its licence included; shown where countries are. `None` without a database.
    #[must_use]
    pub fn attribution(&self) -> Option<String> {
        let database = self.database()?;
        let description = &database.reader.metadata().description;
        description.get("en").or_else(|| description.values().next()).cloned()
    }

    /// When the database was built, in Unix seconds; `None` without one.
    #[must_use]
    pub fn built_at(&self) -> Option<u64> {
        Some(self.database()?.reader.metadata().build_epoch)
    }
}

impl Database {
    fn of(reader: Reader<Vec<u8>>) -> Result<Self, GeoError> {
        let path = schema(&reader)?;
        Ok(Self { reader, path })
    }

    /// `None` when the database has no country for the client.
    fn place(&self, client: &ClientAddress, regions: bool) -> Option<Place> {
        let found = self.reader.lookup(client.for_lookup()).ok()?;
        let country = Country::from_code(found.decode_path::<&str>(self.path).ok()??)?;
        let text = |path| found.decode_path::<&str>(path).ok().flatten();
        let region = || {
            text(REGION_CODE)
                .and_then(|code| Region::from_code(country, code))
                .or_else(|| Region::from_name(country, text(REGION_NAME)?))
        };
        Some(Place { country: Some(country), region: if regions { region() } else { None } })
    }
}

fn file_state(file: &Path) -> Option<FileState> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
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
pub(crate) mod tests;
