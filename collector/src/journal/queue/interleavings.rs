//! The group commit under every order in which its threads can meet: a thread's steps are those between two uses of the lock or
//! the condition. Where nobody can go on the checker says so, so a lost wake-up shows as one.
//!
//! Each model is the real queue with the real writer on the model disk. Each has a control: the same with a part done wrong, which
//! must be found.

use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex as Plain};

use loom::thread;

use super::super::model::ModelDisk;
use super::super::writer::Writer;
use super::super::{Journal, SealedDays};
use super::*;

const CONFIG: JournalConfig =
    JournalConfig { max_bytes: 1 << 20, segment_bytes: 700, segment_rows: 8, space_ahead: 320 };
const DAY: i64 = 86_400;

/// What became of each row: its text, what its sender was told, and whether it was on disk by then.
type Outcomes = Arc<Plain<Vec<(&'static str, Result<(), JournalError>, bool)>>>;

/// The journal's parts and who watches them.
#[derive(Clone)]
struct Stage {
    shared: Arc<Shared>,
    disk: ModelDisk,
    outcomes: Outcomes,
}

impl Stage {
    /// With a journal and a writer that are left alone when a model ends by a panic: their ends take the lock, which is none of
    /// the model's any more.
    fn new() -> (Self, ManuallyDrop<Journal>, ManuallyDrop<Writer>) {
        let disk = ModelDisk::default();
        let (journal, writer) =
            Journal::on(Arc::new(disk.clone()), 7, CONFIG, SealedDays::default()).unwrap();
        let stage = Self { shared: Arc::clone(&journal.shared), disk, outcomes: Outcomes::default() };
        (stage, ManuallyDrop::new(journal), ManuallyDrop::new(writer))
    }

    /// How `text` is settled.
    fn settle(&self, text: &'static str) -> Settle {
        let (disk, outcomes) = (self.disk.clone(), Arc::clone(&self.outcomes));
        Box::new(move |outcome| {
            let durable = disk.is_durable(text.as_bytes());
            outcomes.lock().unwrap().push((text, outcome, durable));
        })
    }

    fn submit(&self, text: &'static str) {
        if self.shared.submit(text.as_bytes(), DAY, self.settle(text)) {
            self.shared.gathered();
        }
    }

    fn is_settled(&self, text: &str) -> bool {
        self.outcomes.lock().unwrap().iter().any(|(of, ..)| *of == text)
    }

    /// What the one row of this text came to.
    fn outcome(&self, text: &str) -> Result<(), JournalError> {
        let outcomes = self.outcomes.lock().unwrap();
        let mut own = outcomes.iter().filter(|(of, ..)| *of == text);
        let (_, outcome, durable) = own.next().expect("every row is settled");
        assert!(own.next().is_none(), "a row is settled once");
        assert!(outcome.is_err() || *durable, "{text} was acknowledged before it was on disk");
        *outcome
    }
}

/// All orders with at most three preemptions, or `LOOM_MAX_PREEMPTIONS`.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

/// Two senders, and the journal closes behind one of them: each row is settled once, what is acknowledged is durable by then, and
/// what was taken before the close is written.
fn every_row_is_settled(acknowledges_early: bool) {
    check(move || {
        let (stage, journal, mut writer) = Stage::new();
        writer.acknowledges_early = acknowledges_early;
        let (first, second) = (stage.clone(), stage.clone());
        let senders = [
            thread::spawn(move || {
                first.submit("one;");
                first.shared.close();
            }),
            thread::spawn(move || second.submit("two;")),
        ];
        writer.run();
        drop(ManuallyDrop::into_inner(writer));
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(stage.outcome("one;"), Ok(()), "it was taken before the close");
        assert!(matches!(stage.outcome("two;"), Ok(()) | Err(JournalError::Closing)));
        drop(ManuallyDrop::into_inner(journal));
    });
}

#[test]
fn every_row_is_settled_once_and_durable_before_it_is_acknowledged() {
    every_row_is_settled(false);
}

#[test]
#[should_panic(expected = "was acknowledged before it was on disk")]
fn a_writer_that_acknowledges_early_is_found() {
    every_row_is_settled(true);
}

/// The writer sleeps and wakes for each of two senders: no row waits for ever. Nothing else wakes it.
fn rows_wake_the_writer(submit: fn(&Stage, &'static str)) {
    check(move || {
        let (stage, journal, mut writer) = Stage::new();
        let (first, second) = (stage.clone(), stage.clone());
        let senders =
            [thread::spawn(move || submit(&first, "one;")), thread::spawn(move || submit(&second, "two;"))];
        while stage.outcomes.lock().unwrap().len() < 2 {
            let work = stage.shared.wait(false);
            assert!(!writer.work(work));
        }
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!((stage.outcome("one;"), stage.outcome("two;")), (Ok(()), Ok(())));
        drop(ManuallyDrop::into_inner(journal));
    });
}

#[test]
fn no_wake_up_is_lost() {
    rows_wake_the_writer(Stage::submit);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_group_that_gathers_before_its_row_is_there_is_found() {
    rows_wake_the_writer(|stage, text| {
        stage.shared.gathered();
        let mut state = stage.shared.state();
        state.waiting.rows.extend_from_slice(text.as_bytes());
        let settle = stage.settle(text);
        state.waiting.entries.push(Entry { length: text.len(), closes_at: DAY, lane: None, settle });
    });
}

/// A day is retired while a row of it comes: either the row is refused, or the day is not retired yet.
fn a_row_meets_its_days_end(submit: fn(&Stage, &'static str), retire: fn(&mut State) -> bool) {
    check(move || {
        let (stage, journal, mut writer) = Stage::new();
        let (sender, sealer) = (stage.clone(), stage.clone());
        let sender = thread::spawn(move || submit(&sender, "late;"));
        let sealer = thread::spawn(move || {
            let retired = retire(&mut sealer.shared.state());
            sealer.shared.close();
            retired
        });
        writer.run();
        drop(ManuallyDrop::into_inner(writer));
        sender.join().unwrap();
        let (retired, outcome) = (sealer.join().unwrap(), stage.outcome("late;"));
        assert!(!(retired && outcome.is_ok()), "a row was taken into a day that was called retired");
        drop(ManuallyDrop::into_inner(journal));
    });
}

#[test]
fn no_row_is_taken_into_a_retired_day() {
    a_row_meets_its_days_end(Stage::submit, |state| state.retire(DAY));
}

#[test]
#[should_panic(expected = "into a day that was called retired")]
fn a_refusal_decided_before_the_row_is_taken_is_found() {
    let check_then_act = |stage: &Stage, text: &'static str| {
        let refusal = stage.shared.state().refusal(text.as_bytes(), DAY, &CONFIG);
        let settle = stage.settle(text);
        if let Some(error) = refusal {
            return settle(Err(error));
        }
        let mut state = stage.shared.state();
        if state.ended {
            return settle(Err(JournalError::Closing));
        }
        state.waiting.rows.extend_from_slice(text.as_bytes());
        state.waiting.entries.push(Entry { length: text.len(), closes_at: DAY, lane: None, settle });
        drop(state);
        stage.shared.work.notify_one();
    };
    a_row_meets_its_days_end(check_then_act, |state| state.retire(DAY));
}

#[test]
#[should_panic(expected = "into a day that was called retired")]
fn a_day_retired_over_a_group_that_is_being_written_is_found() {
    a_row_meets_its_days_end(Stage::submit, |state| {
        let committing = state.committing.take();
        let retired = state.retire(DAY);
        state.committing = committing;
        retired
    });
}

/// A seal is asked for behind a row, while another row comes: when it is answered, the first row may be sent.
fn a_seal_covers_what_came_before(take_requests: fn(&mut State, &mut Work)) {
    check(move || {
        let (stage, journal, mut writer) = Stage::new();
        let (first, second) = (stage.clone(), stage.clone());
        let (done, mut sealed) = oneshot::channel();
        let first = thread::spawn(move || {
            first.submit("one;");
            assert!(first.shared.request_seal(done));
        });
        let second = thread::spawn(move || second.submit("two;"));
        let mut answered = false;
        while !answered || stage.outcomes.lock().unwrap().len() < 2 {
            let mut work = stage.shared.wait(false);
            take_requests(&mut stage.shared.state(), &mut work);
            assert!(!writer.work(work));
            if !answered && sealed.try_recv().is_ok() {
                answered = true;
                assert!(stage.is_settled("one;"), "the seal was answered before the row");
                assert_eq!(stage.outcome("one;"), Ok(()));
                let segment =
                    journal.oldest_sealed().expect("the seal was answered before the segment was sealed");
                assert_eq!(segment.name.first_sequence, 1);
            }
        }
        first.join().unwrap();
        second.join().unwrap();
        drop(ManuallyDrop::into_inner(journal));
    });
}

#[test]
fn when_a_seal_is_answered_every_row_before_it_may_be_sent() {
    a_seal_covers_what_came_before(|_, _| {});
}

#[test]
#[should_panic(expected = "the seal was answered before")]
fn a_request_answered_without_the_rows_before_it_is_found() {
    a_seal_covers_what_came_before(|state, work| {
        // As if requests were taken first, and the rows that wait with them left for the next time.
        if !work.seal.is_empty() && !work.group.is_empty() {
            let mut rest = std::mem::take(&mut work.group);
            rest.rows.append(&mut state.waiting.rows);
            rest.entries.append(&mut state.waiting.entries);
            state.waiting = rest;
            state.committing = None;
        }
    });
}
