//! How long an answer takes (RFC 6298). All times are microseconds.

/// Below that a delayed acknowledgement, or a busy machine, would look like a loss.
const MIN_TIMEOUT: u64 = 500_000;
const MAX_TIMEOUT: u64 = 8_000_000;
/// Where nothing was measured yet.
const FIRST_TIMEOUT: u64 = 1_000_000;

/// An estimate of the round trip.
#[derive(Debug, Default)]
pub(super) struct RoundTrip {
    smoothed: Option<u64>,
    variation: u64,
    /// How many times in a row nothing came.
    backoff: u32,
}

impl RoundTrip {
    /// An answer took `sample`.
    pub(super) fn add(&mut self, sample: u64) {
        self.backoff = 0;
        match &mut self.smoothed {
            None => {
                self.smoothed = Some(sample);
                self.variation = sample / 2;
            }
            Some(smoothed) => {
                self.variation = (3 * self.variation + smoothed.abs_diff(sample)) / 4;
                *smoothed = (7 * *smoothed + sample) / 8;
            }
        }
    }

    /// What an answer takes, most of the time; 0 where nobody knows.
    pub(super) fn smoothed(&self) -> u64 {
        self.smoothed.unwrap_or(0)
    }

    /// After how long an answer is missing.
    pub(super) fn timeout(&self) -> u64 {
        let timeout = match self.smoothed {
            None => FIRST_TIMEOUT,
            Some(smoothed) => (smoothed + 4 * self.variation).clamp(MIN_TIMEOUT, MAX_TIMEOUT),
        };
        (timeout << self.backoff.min(8)).min(MAX_TIMEOUT)
    }

    /// It was missing.
    pub(super) fn back_off(&mut self) {
        self.backoff += 1;
    }

    /// Something was acknowledged after all.
    pub(super) fn advance(&mut self) {
        self.backoff = 0;
    }
}
