//! `GET /api/pixel.gif`: a picture whose loading is a beacon, for pages without scripts.

use std::time::Instant;

use bytes::Bytes;
use http::header::REFERER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Door;
use super::answer::{self, Answer};
use super::event::{Refusal, refused};
use super::gate::Entered;
use crate::address::Peer;
use crate::dialect::pixel;

/// One transparent point: 43 bytes.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

impl Door {
    /// Counts the page that shows the picture.
    pub(super) async fn pixel(&self, peer: Option<&Peer>, query: &str, headers: &HeaderMap) -> Answer {
        let begun = Instant::now();
        let Entered { mut ticket, client } = match self.enter(peer, headers, begun) {
            Ok(entered) => entered,
            Err(reason) => return answer::refused(reason, None),
        };
        ticket.body_arrived();
        let page = headers.get(REFERER).and_then(|page| page.to_str().ok());
        match pixel::parse(query, page).map_err(Refusal::from) {
            Ok(beacon) => {
                match self.keep(self.admit(&beacon, &client, headers), ticket, begun).await.told() {
                    Ok(dropped) => answer::with_dropped(gif(StatusCode::OK), &dropped),
                    Err(reason) => answer::refused(reason, None),
                }
            }
            Err(refusal) => refused(&refusal, ticket),
        }
    }
}

/// The picture; pages that isolate themselves may show it too.
pub(super) fn gif(status: StatusCode) -> Answer {
    let mut gif = answer::whole(status, "image/gif", Bytes::from_static(GIF));
    gif.headers_mut().insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    gif
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_picture_has_43_bytes() {
        assert_eq!(super::GIF.len(), 43);
    }
}
