//! Goals of a site, as the question engine reads them, and funnels, which are goals in their order.
//!
//! A goal is stored in the engine's own spelling and read back through the engine's own parser, so that nothing can be laid
//! down which it would refuse in a question.

use aggregator::question::{Goal, GoalKind};
use aggregator::{Question, QuestionError};
use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::audit::{Action, Author, record};
use super::entries::{self, EntryError, Kind};
use super::{ControlError, ControlPlane, is_taken, sites};

/// Steps of a funnel.
const STEPS: std::ops::RangeInclusive<usize> = 2..=8;

/// A goal of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGoal {
    /// Its number, never reused.
    pub id: i64,
    /// What reaches it, and its name.
    pub goal: Goal,
    /// ISO 4217 code of the revenue it brings.
    pub currency: Option<String>,
}

/// A funnel of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// Its number, never reused.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Numbers of its goals in their order.
    pub steps: Vec<i64>,
}

/// Reads a goal as the engine does.
///
/// # Errors
/// What the engine says to it.
pub fn read_goal(json: &Value) -> Result<Goal, QuestionError> {
    let question = Question::from_json(&json!({
        "site_id": "goal", "metrics": ["visitors"], "date_range": "day", "goals": [json],
    }))?;
    question.goals.into_iter().next().ok_or(QuestionError::UnknownSite)
}

impl ControlPlane {
    /// The goals of a site, in order of their names.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn goals(&self, domain: &str) -> Result<Vec<StoredGoal>, ControlError> {
        self.read(|connection| of_site(connection, sites::by_domain(connection, domain)?.id.0))
    }

    /// Lays down a goal, or changes the one of the number `id`.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn put_goal(
        &self,
        by: Author,
        domain: &str,
        id: Option<i64>,
        goal: &Value,
        currency: Option<String>,
    ) -> Result<StoredGoal, ControlError> {
        let mut goal = read_goal(goal).map_err(EntryError::from)?;
        goal.name = entries::name(&goal.name)?;
        check_currency(&goal, currency.as_deref())?;
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            let definition = goal.to_json().to_string();
            let put = match id {
                None => {
                    entries::room_for(transaction, Kind::Goal, site.id.0)?;
                    transaction.query_row(
                        "INSERT INTO goals (site, name, definition, currency) VALUES (?1, ?2, ?3, ?4) RETURNING id",
                        params![site.id.0, goal.name, definition, currency],
                        |row| row.get(0),
                    )
                }
                Some(id) => transaction.query_row(
                    "UPDATE goals SET name = ?3, definition = ?4, currency = ?5 WHERE id = ?1 AND site = ?2
                     RETURNING id",
                    params![id, site.id.0, goal.name, definition, currency],
                    |row| row.get(0),
                ),
            };
            let id = put.map_err(|error| named(error, Kind::Goal))?;
            record(transaction, now, by, Action::GoalPut, &format!("{} goal {id}", site.domain))?;
            Ok(StoredGoal { id, goal, currency })
        })
    }

    /// Deletes a goal. Refused while a funnel has it as a step: a funnel with other steps would be another one.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn delete_goal(&self, by: Author, domain: &str, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            let used: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM funnel_steps s JOIN funnels f ON f.id = s.funnel
                                WHERE s.goal = ?1 AND f.site = ?2)",
                params![id, site.id.0],
                |row| row.get(0),
            )?;
            if used {
                return Err(EntryError::GoalInUse.into());
            }
            entries::delete(transaction, Kind::Goal, site.id.0, id)?;
            record(transaction, now, by, Action::GoalDeleted, &format!("{} goal {id}", site.domain))?;
            Ok(())
        })
    }

    /// The funnels of a site, in order of their names.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn funnels(&self, domain: &str) -> Result<Vec<Funnel>, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            let mut statement =
                connection.prepare("SELECT id, name FROM funnels WHERE site = ?1 ORDER BY name, id")?;
            let funnels = statement.query_map([site.id.0], |row| {
                Ok(Funnel { id: row.get(0)?, name: row.get(1)?, steps: Vec::new() })
            })?;
            let mut funnels: Vec<Funnel> = funnels.collect::<Result<_, _>>()?;
            let mut steps =
                connection.prepare("SELECT goal FROM funnel_steps WHERE funnel = ?1 ORDER BY step")?;
            for funnel in &mut funnels {
                funnel.steps = steps.query_map([funnel.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            }
            Ok(funnels)
        })
    }

    /// Lays down a funnel, or changes the one of the number `id`.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn put_funnel(
        &self,
        by: Author,
        domain: &str,
        id: Option<i64>,
        name: &str,
        steps: &[i64],
    ) -> Result<Funnel, ControlError> {
        let name = entries::name(name)?;
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            let goals = of_site(transaction, site.id.0)?;
            let twice = steps.iter().enumerate().any(|(at, step)| steps[..at].contains(step));
            let theirs = steps.iter().all(|step| goals.iter().any(|goal| goal.id == *step));
            if !STEPS.contains(&steps.len()) || twice || !theirs {
                return Err(EntryError::BadSteps.into());
            }
            let put = match id {
                None => {
                    entries::room_for(transaction, Kind::Funnel, site.id.0)?;
                    transaction.query_row(
                        "INSERT INTO funnels (site, name) VALUES (?1, ?2) RETURNING id",
                        params![site.id.0, name],
                        |row| row.get(0),
                    )
                }
                Some(id) => transaction.query_row(
                    "UPDATE funnels SET name = ?3 WHERE id = ?1 AND site = ?2 RETURNING id",
                    params![id, site.id.0, name],
                    |row| row.get(0),
                ),
            };
            let id: i64 = put.map_err(|error| named(error, Kind::Funnel))?;
            transaction.execute("DELETE FROM funnel_steps WHERE funnel = ?1", [id])?;
            for (step, goal) in (1_i64..).zip(steps) {
                transaction.execute(
                    "INSERT INTO funnel_steps (funnel, step, goal) VALUES (?1, ?2, ?3)",
                    params![id, step, goal],
                )?;
            }
            record(transaction, now, by, Action::FunnelPut, &format!("{} funnel {id}", site.domain))?;
            Ok(Funnel { id, name, steps: steps.to_vec() })
        })
    }

    /// Deletes a funnel; its goals stay.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn delete_funnel(&self, by: Author, domain: &str, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            entries::delete(transaction, Kind::Funnel, site.id.0, id)?;
            record(transaction, now, by, Action::FunnelDeleted, &format!("{} funnel {id}", site.domain))?;
            Ok(())
        })
    }
}

/// What a refused write of a named entry means.
pub(super) fn named(error: rusqlite::Error, kind: Kind) -> ControlError {
    if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
        EntryError::Unknown(kind).into()
    } else if is_taken(&error) {
        EntryError::NameTaken.into()
    } else {
        error.into()
    }
}

/// Goals of the site of this number, in order of their names.
pub(super) fn of_site(connection: &Connection, site: u32) -> Result<Vec<StoredGoal>, ControlError> {
    let mut statement =
        connection.prepare("SELECT id, definition, currency FROM goals WHERE site = ?1 ORDER BY name, id")?;
    let rows = statement.query_map([site], |row: &Row<'_>| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    rows.map(|row| {
        let (id, definition, currency) = row?;
        let json: Value = serde_json::from_str(&definition).unwrap_or_default();
        let goal = read_goal(&json).map_err(EntryError::from)?;
        Ok(StoredGoal { id, goal, currency })
    })
    .collect()
}

fn check_currency(goal: &Goal, currency: Option<&str>) -> Result<(), EntryError> {
    let Some(code) = currency else { return Ok(()) };
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    if fits && matches!(goal.kind, GoalKind::Event(_)) { Ok(()) } else { Err(EntryError::BadCurrency) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::plane;

    const BY: Author = Author::Console;

    fn code<T>(result: Result<T, ControlError>) -> &'static str {
        match result {
            Err(ControlError::Entry(error)) => error.code(),
            Err(_) => "another error",
            Ok(_) => "",
        }
    }

    #[test]
    fn a_goal_reads_back_as_it_was_laid_down() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        plane.add_site(BY, "b.kz", "UTC").unwrap();
        let signup =
            json!({"display_name": "Signup", "event_name": "Signup", "custom_props": {"plan": "pro"}});
        let laid = plane.put_goal(BY, "a.kz", None, &signup, Some("KZT".into())).unwrap();
        assert_eq!(plane.goals("a.kz").unwrap(), std::slice::from_ref(&laid));
        assert_eq!(laid.goal.to_json(), signup);
        assert!(plane.goals("b.kz").unwrap().is_empty());

        let page = json!({"display_name": "Read", "page_path": "/news/**", "scroll_threshold": 75});
        assert_eq!(code(plane.put_goal(BY, "b.kz", Some(laid.id), &page, None)), "unknown_goal");
        let changed = plane.put_goal(BY, "a.kz", Some(laid.id), &page, None).unwrap();
        assert_eq!((changed.id, changed.goal.to_json()), (laid.id, page));
        let log = plane.audit_log(1).unwrap();
        assert_eq!((log[0].action.as_str(), log[0].subject.as_str()), ("goal_put", "a.kz goal 1"));
    }

    #[test]
    fn what_the_engine_would_refuse_is_refused_by_its_code() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let put = |goal: Value, currency: Option<&str>| {
            code(plane.put_goal(BY, "a.kz", None, &goal, currency.map(str::to_owned)))
        };
        assert_eq!(put(json!({"display_name": "a"}), None), "invalid_goal");
        let both = json!({"display_name": "a", "event_name": "a", "page_path": "/"});
        assert_eq!(put(both, None), "invalid_goal");
        let scroll = json!({"display_name": "a", "page_path": "/", "scroll_threshold": 101});
        assert_eq!(put(scroll, None), "invalid_goal");
        assert_eq!(put(json!({"display_name": "a", "event_name": "a", "x": 1}), None), "unknown_key");
        assert_eq!(put(json!({"display_name": " ", "event_name": "a"}), None), "bad_name");
        let event = || json!({"display_name": "a", "event_name": "a"});
        assert_eq!(put(event(), Some("tenge")), "bad_currency");
        assert_eq!(put(json!({"display_name": "a", "page_path": "/"}), Some("KZT")), "bad_currency");
        assert_eq!(put(event(), Some("KZT")), "");
        assert_eq!(put(event(), None), "name_taken");
        assert_eq!(plane.goals("a.kz").unwrap().len(), 1);
    }

    #[test]
    fn a_goal_stays_while_a_funnel_has_it_as_a_step_and_goes_with_its_site() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        plane.add_site(BY, "b.kz", "UTC").unwrap();
        let goal = |domain: &str, name: &str| {
            let goal = json!({"display_name": name, "event_name": name});
            plane.put_goal(BY, domain, None, &goal, None).unwrap().id
        };
        let (one, two, other) = (goal("a.kz", "one"), goal("a.kz", "two"), goal("b.kz", "other"));
        for bad in [&[one][..], &[one, one], &[one, other], &[], &[one, two, 99]] {
            assert_eq!(code(plane.put_funnel(BY, "a.kz", None, "Join", bad)), "bad_steps", "{bad:?}");
        }
        let funnel = plane.put_funnel(BY, "a.kz", None, "Join", &[two, one]).unwrap();
        assert_eq!(plane.funnels("a.kz").unwrap(), std::slice::from_ref(&funnel));
        assert_eq!(code(plane.delete_goal(BY, "a.kz", one)), "goal_in_use");
        assert_eq!(code(plane.delete_goal(BY, "b.kz", one)), "unknown_goal");
        assert_eq!(code(plane.delete_funnel(BY, "b.kz", funnel.id)), "unknown_funnel");
        // Changed to other steps it lets the goal go.
        let three = goal("a.kz", "three");
        plane.put_funnel(BY, "a.kz", Some(funnel.id), "Join", &[two, three]).unwrap();
        plane.delete_goal(BY, "a.kz", one).unwrap();
        plane.remove_site(BY, "a.kz").unwrap();
        let left = |table: &str| {
            let count = format!("SELECT count() FROM {table}");
            plane.read(|c| Ok(c.query_row(&count, [], |row| row.get::<_, i64>(0))?)).unwrap()
        };
        assert_eq!((left("goals"), left("funnels"), left("funnel_steps")), (1, 0, 0));
    }

    #[test]
    fn a_site_has_as_many_goals_as_one_question_may_bring() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let put = |n: u32| {
            let goal = json!({"display_name": format!("goal {n}"), "event_name": "a"});
            code(plane.put_goal(BY, "a.kz", None, &goal, None))
        };
        for n in 0..Kind::Goal.most() {
            assert_eq!(put(n), "");
        }
        assert_eq!(put(Kind::Goal.most()), "limit_reached");
        let goals: Vec<Value> = plane.goals("a.kz").unwrap().iter().map(|g| g.goal.to_json()).collect();
        let question = json!({"site_id": "a.kz", "metrics": ["visitors"], "date_range": "day",
            "dimensions": ["event:goal"], "goals": goals});
        assert!(Question::from_json(&question).is_ok());
    }
}
