//! A queue for what hardly ever waits.

use std::collections::VecDeque;

/// A queue that takes a pointer's room while it is empty: most wires never use theirs.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    #[expect(clippy::box_collection, reason = "the room of an empty one is what counts")]
    entries: Option<Box<VecDeque<T>>>,
}

impl<T> Queue<T> {
    pub(crate) fn push(&mut self, entry: T) {
        self.entries.get_or_insert_default().push_back(entry);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let entries = self.entries.as_mut()?;
        let entry = entries.pop_front();
        if entries.is_empty() {
            self.entries = None;
        }
        entry
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, |entries| entries.len())
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { entries: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_and_nothing_is_kept() {
        let mut queue = Queue::default();
        assert_eq!(queue.pop(), None);
        for entry in 1..=4 {
            queue.push(entry);
        }
        assert_eq!(queue.len(), 4);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(1), Some(2), Some(3)]);
        assert_eq!([queue.pop(), queue.pop()], [Some(4), None]);
        assert!(queue.entries.is_none());
    }
}
