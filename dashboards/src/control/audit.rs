//! Who changed what, when. Only ever added to; names staff, sites and keys by number or name, never a visitor.

use rusqlite::{Connection, params};

use super::users::UserId;
use super::{ControlError, ControlPlane};

/// On whose behalf a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Somebody with access to the machine: the command line, or the program itself.
    Console,
    /// A signed-in member of staff.
    User(UserId),
}

/// What was done. The code is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    SiteAdded,
    SiteRemoved,
    SiteChanged,
    SiteDeleted,
    SiteErased,
    GoalPut,
    GoalDeleted,
    FunnelPut,
    FunnelDeleted,
    SegmentPut,
    SegmentDeleted,
    AnnotationAdded,
    AnnotationDeleted,
    LinkMade,
    LinkRevoked,
    UserAdded,
    PasswordSet,
    SignedIn,
    SignedInByProvider,
    IdentityLinked,
    SetupLinkMade,
    SetupLinkRedeemed,
    KeyMade,
    KeyRevoked,
    MemberSet,
    MemberRemoved,
    InvitationMade,
    InvitationTaken,
    InvitationWithdrawn,
    RoleSet,
    UserRemoved,
    SessionsEnded,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodeUsed,
    RecoveryCodesMade,
    InstanceChanged,
}

impl Action {
    fn code(self) -> &'static str {
        match self {
            Self::SiteAdded => "site_added",
            Self::SiteRemoved => "site_removed",
            Self::SiteChanged => "site_changed",
            Self::SiteDeleted => "site_deleted",
            Self::SiteErased => "site_erased",
            Self::GoalPut => "goal_put",
            Self::GoalDeleted => "goal_deleted",
            Self::FunnelPut => "funnel_put",
            Self::FunnelDeleted => "funnel_deleted",
            Self::SegmentPut => "segment_put",
            Self::SegmentDeleted => "segment_deleted",
            Self::AnnotationAdded => "annotation_added",
            Self::AnnotationDeleted => "annotation_deleted",
            Self::LinkMade => "link_made",
            Self::LinkRevoked => "link_revoked",
            Self::UserAdded => "user_added",
            Self::PasswordSet => "password_set",
            Self::SignedIn => "signed_in",
            Self::SignedInByProvider => "signed_in_by_provider",
            Self::IdentityLinked => "identity_linked",
            Self::SetupLinkMade => "setup_link_made",
            Self::SetupLinkRedeemed => "setup_link_redeemed",
            Self::KeyMade => "key_made",
            Self::KeyRevoked => "key_revoked",
            Self::MemberSet => "member_set",
            Self::MemberRemoved => "member_removed",
            Self::InvitationMade => "invitation_made",
            Self::InvitationTaken => "invitation_taken",
            Self::InvitationWithdrawn => "invitation_withdrawn",
            Self::RoleSet => "role_set",
            Self::UserRemoved => "user_removed",
            Self::SessionsEnded => "sessions_ended",
            Self::SecondFactorOn => "second_factor_on",
            Self::SecondFactorOff => "second_factor_off",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::InstanceChanged => "instance_changed",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in Unix seconds.
    pub at: i64,
    /// Who.
    pub author: Author,
    /// What, as a stable code (`site_added`).
    pub action: String,
    /// To what: a domain, a number below it (`a.kz goal 3`), the prefix of a key, a user's number.
    pub subject: String,
}

impl ControlPlane {
    /// The latest entries, newest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn audit_log(&self, limit: u32) -> Result<Vec<Entry>, ControlError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT at, user, action, subject FROM audit_log ORDER BY id DESC LIMIT ?1")?;
            let entries = statement.query_map([limit], |row| {
                let user: Option<i64> = row.get(1)?;
                Ok(Entry {
                    at: row.get(0)?,
                    author: user.map_or(Author::Console, |id| Author::User(UserId(id))),
                    action: row.get(2)?,
                    subject: row.get(3)?,
                })
            })?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }
}

/// Adds an entry, in the transaction of the change it tells of.
pub(super) fn record(
    connection: &Connection,
    at: i64,
    author: Author,
    action: Action,
    subject: &str,
) -> rusqlite::Result<()> {
    let user = match author {
        Author::Console => None,
        Author::User(UserId(id)) => Some(id),
    };
    connection.execute(
        "INSERT INTO audit_log (at, user, action, subject) VALUES (?1, ?2, ?3, ?4)",
        params![at, user, action.code(), subject],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::control::tests::plane;

    #[test]
    fn the_log_can_be_neither_changed_nor_cut() {
        let (plane, ..) = plane();
        plane.add_site(super::Author::Console, "example.kz", "UTC").unwrap();
        for tamper in ["DELETE FROM audit_log", "UPDATE audit_log SET subject = 'other.kz'"] {
            assert!(plane.store().connection.execute(tamper, []).is_err(), "{tamper}");
        }
        assert_eq!(plane.audit_log(10).unwrap().len(), 1);
    }
}
