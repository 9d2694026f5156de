//! The Sites API in the OpenAPI document: `server/sites_v1.rs`.

use serde_json::{Value, json};

struct Address {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// Names in the query.
    query: &'static [&'static str],
    /// Fields of the body; those with a star may be left out.
    body: &'static [&'static str],
}

const ADDRESSES: &[Address] = &[
    Address {
        method: "get",
        path: "/api/v1/sites",
        summary: "Sites the key may manage, in order of their domains",
        query: &["after*", "limit*"],
        body: &[],
    },
    Address {
        method: "post",
        path: "/api/v1/sites",
        summary: "Adds a site; with a key for all sites",
        query: &[],
        body: &["domain", "timezone*"],
    },
    Address { method: "get", path: "/api/v1/sites/{site_id}", summary: "One site", query: &[], body: &[] },
    Address {
        method: "put",
        path: "/api/v1/sites/{site_id}",
        summary: "Sets a site's time zone",
        query: &[],
        body: &["timezone*"],
    },
    Address {
        method: "delete",
        path: "/api/v1/sites/{site_id}",
        summary: "Deletes a site; with a key for all sites",
        query: &[],
        body: &[],
    },
    Address {
        method: "put",
        path: "/api/v1/sites/shared-links",
        summary: "The shared link of this name, made if there is none",
        query: &[],
        body: &["site_id", "name"],
    },
    Address {
        method: "get",
        path: "/api/v1/sites/goals",
        summary: "Goals of a site",
        query: &["site_id"],
        body: &[],
    },
    Address {
        method: "put",
        path: "/api/v1/sites/goals",
        summary: "The goal that is so, laid down if there is none",
        query: &[],
        body: &["site_id", "goal_type", "event_name*", "page_path*", "display_name*", "currency*"],
    },
    Address {
        method: "delete",
        path: "/api/v1/sites/goals/{goal_id}",
        summary: "Deletes a goal",
        query: &[],
        body: &["site_id"],
    },
    Address {
        method: "get",
        path: "/api/v1/sites/guests",
        summary: "Members of a site, and who is invited",
        query: &["site_id"],
        body: &[],
    },
    Address {
        method: "put",
        path: "/api/v1/sites/guests",
        summary: "Invites a viewer or editor; the link is in the answer, once",
        query: &[],
        body: &["site_id", "email", "role"],
    },
    Address {
        method: "delete",
        path: "/api/v1/sites/guests/{email}",
        summary: "Takes a guest off a site, or withdraws their invitation",
        query: &["site_id"],
        body: &[],
    },
];

/// Puts the addresses into the document's `paths`.
pub(super) fn put(paths: &mut Value, answers: &dyn Fn(Value) -> Value) {
    for address in ADDRESSES {
        let in_path = address.path.split(['{', '}']).skip(1).step_by(2).map(|name| (name, "path"));
        let in_query = address.query.iter().map(|name| (*name, "query"));
        let parameters: Vec<Value> = in_path
            .chain(in_query)
            .map(|(name, place)| {
                json!({
                    "name": name.trim_end_matches('*'), "in": place, "required": !name.ends_with('*'),
                    "schema": { "type": "string" },
                })
            })
            .collect();
        let mut described = json!({
            "summary": address.summary, "parameters": parameters, "responses": answers(json!({ "type": "object" })),
        });
        if !address.body.is_empty() {
            let properties: serde_json::Map<String, Value> = address
                .body
                .iter()
                .map(|field| (field.trim_end_matches('*').to_owned(), json!({ "type": "string" })))
                .collect();
            let required: Vec<&&str> = address.body.iter().filter(|field| !field.ends_with('*')).collect();
            described["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": {
                "type": "object", "properties": properties, "required": required,
            } } } });
        }
        paths[address.path][address.method] = described;
    }
}
