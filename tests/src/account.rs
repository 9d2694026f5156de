//! What was acknowledged against what is stored, beacon by beacon.

use std::fmt;

/// How two sets of beacons differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Beacons that were promised to be kept.
    pub acknowledged: u64,
    /// Rows in ClickHouse.
    pub stored: u64,
    /// Promised and not there: at most a few, as examples, and how many in all.
    pub missing: Vec<u64>,
    /// How many in all.
    pub all_missing: u64,
    /// There more than once: examples.
    pub doubled: Vec<u64>,
    /// How many in all.
    pub all_doubled: u64,
    /// There without a promise: the answer was lost, or never sent. Allowed, once.
    pub unpromised: u64,
}

/// So many examples are enough to look for the cause.
const EXAMPLES: usize = 5;

impl Account {
    /// Compares the numbers.
    #[must_use]
    pub fn of(mut acknowledged: Vec<u64>, mut stored: Vec<u64>) -> Self {
        acknowledged.sort_unstable();
        stored.sort_unstable();
        let mut account =
            Self { acknowledged: acknowledged.len() as u64, stored: stored.len() as u64, ..Self::default() };
        let mut promised = acknowledged.into_iter().peekable();
        for same in stored.chunk_by(|one, other| one == other) {
            let Some(&number) = same.first() else { continue };
            while let Some(missing) = promised.next_if(|promised| *promised < number) {
                account.miss(missing);
            }
            if promised.next_if_eq(&number).is_none() {
                account.unpromised += 1;
            }
            if same.len() > 1 {
                account.all_doubled += 1;
                if account.doubled.len() < EXAMPLES {
                    account.doubled.push(number);
                }
            }
        }
        for missing in promised {
            account.miss(missing);
        }
        account
    }

    fn miss(&mut self, number: u64) {
        self.all_missing += 1;
        if self.missing.len() < EXAMPLES {
            self.missing.push(number);
        }
    }

    /// Nothing promised is missing, and nothing is there twice.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.all_missing == 0 && self.all_doubled == 0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, stored, all_missing, all_doubled, unpromised, .. } = self;
        write!(
            f,
            "{all_missing} lost, {all_doubled} twice ({acknowledged} acknowledged, {stored} stored, {unpromised} of them unanswered)"
        )?;
        if !self.balances() {
            write!(f, "; lost: {:?}, twice: {:?}", self.missing, self.doubled)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_once_balances() {
        let account = Account::of(vec![3, 1, 2], vec![1, 2, 3, 4]);
        assert!(account.balances());
        assert_eq!((account.acknowledged, account.stored, account.unpromised), (3, 4, 1));
    }

    #[test]
    fn a_lost_one_and_a_double_one_are_found() {
        let account = Account::of(vec![1, 2, 3, 9], vec![1, 1, 3, 7, 7]);
        assert!(!account.balances());
        assert_eq!((account.missing.as_slice(), account.all_missing), ([2, 9].as_slice(), 2));
        assert_eq!((account.doubled.as_slice(), account.all_doubled), ([1, 7].as_slice(), 2));
        assert_eq!(account.unpromised, 1);
    }
}
