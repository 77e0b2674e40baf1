//! Who chokes whom and who is interested in whom (BEP 3), and what may be asked for all the same
//! (BEP 6).

/// The states that a caller may override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// We choke the peer (BEP 3).
    pub am_choking: bool,
    /// We are interested in the peer (BEP 3).
    pub am_interested: bool,
    /// The peer chokes us (BEP 3).
    pub peer_choking: bool,
    /// The fast extension is on (BEP 6).
    pub fast: bool,
}

/// How the two sides of a wire stand to each other.
#[derive(Debug)]
pub(crate) struct Choking {
    state: State,
    peer_interested: bool,
}

/// What becomes of a request of the peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be served.
    Served,
    /// It may be served if its piece is allowed fast, which the caller knows.
    Judged,
    /// It crossed our choke, and is lost.
    Lost,
}

impl Choking {
    /// Both sides choke, and none is interested.
    pub(crate) fn new() -> Self {
        let state = State { am_choking: true, peer_choking: true, ..State::default() };
        Self { state, peer_interested: false }
    }

    /// Sets whether we choke; tells whether that is news.
    pub(crate) fn set_am_choking(&mut self, is_so: bool) -> bool {
        std::mem::replace(&mut self.state.am_choking, is_so) != is_so
    }

    /// Sets whether we are interested; tells whether that is news.
    pub(crate) fn set_am_interested(&mut self, is_so: bool) -> bool {
        std::mem::replace(&mut self.state.am_interested, is_so) != is_so
    }

    pub(crate) fn set_peer_choking(&mut self, is_so: bool) {
        self.state.peer_choking = is_so;
    }

    pub(crate) fn set_peer_interested(&mut self, is_so: bool) {
        self.peer_interested = is_so;
    }

    pub(crate) fn set_fast(&mut self, is_on: bool) {
        self.state.fast = is_on;
    }

    pub(crate) fn set_state(&mut self, state: State) {
        self.state = state;
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn peer_interested(&self) -> bool {
        self.peer_interested
    }

    pub(crate) fn has_fast(&self) -> bool {
        self.state.fast
    }

    /// Whether we may ask for a block, of a piece that the peer has allowed fast or not.
    pub(crate) fn may_request(&self, is_allowed_fast: bool) -> bool {
        !self.state.peer_choking || (self.state.fast && is_allowed_fast)
    }

    /// What becomes of a request of the peer.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.state {
            State { am_choking: false, .. } => Verdict::Served,
            State { fast: true, .. } => Verdict::Judged,
            State { .. } => Verdict::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fast_extension_gets_past_a_choke() {
        let mut choking = Choking::new();
        assert_eq!(choking.verdict(), Verdict::Lost);
        assert!(!choking.may_request(true));
        choking.set_fast(true);
        assert_eq!(choking.verdict(), Verdict::Judged);
        assert!(choking.may_request(true) && !choking.may_request(false));
        choking.set_peer_choking(false);
        assert!(choking.set_am_choking(false) && !choking.set_am_choking(false));
        assert_eq!(choking.verdict(), Verdict::Served);
        assert!(choking.may_request(false));
        assert!(choking.set_am_interested(true) && !choking.set_am_interested(true));
    }
}
