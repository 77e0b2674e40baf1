use super::*;
use proptest::prelude::*;

fn block(piece: u32) -> Block {
    Block { piece, offset: 0, length: 16384 }
}

fn age(requests: &Requests) -> Option<u64> {
    requests.oldest().map(|(_, since)| since)
}

#[test]
fn the_next_one_counts_from_an_answer() {
    let mut requests = Requests::new(1);
    for piece in 0..4 {
        requests.push(block(piece), 10);
    }
    // Out of turn: the one after it is not the oldest.
    requests.settle(block(1), 20);
    assert_eq!(age(&requests), Some(10));
    requests.settle(block(0), 15);
    assert_eq!(requests.oldest(), Some((2, 20)));
    requests.take(block(2));
    assert_eq!(requests.oldest(), Some((3, 10)));
    requests.settle(block(3), 30);
    assert_eq!(requests.oldest(), None);
}

#[test]
fn a_hundred_thousand_requests_for_one_block() {
    let mut requests = Requests::new(1);
    let count = 100_000;
    for _ in 0..count {
        requests.push(block(7), 0);
    }
    assert_eq!(requests.take(block(7)), Some(0));
    // From the middle, by key, then oldest first: nothing walks past the others.
    for key in (1..count).step_by(2) {
        assert_eq!(requests.remove(key), Some(block(7)));
    }
    for key in (2..count).step_by(2) {
        assert_eq!(requests.take(block(7)), Some(key));
    }
    assert!(requests.open.is_none(), "the room of many is given back");
}

/// What `Requests` promises, in the plainest form.
#[derive(Default)]
struct Model(Vec<(u32, Block, u64)>);

impl Model {
    fn find(&self, block: Block) -> Option<usize> {
        self.0.iter().position(|&(_, other, _)| other == block)
    }

    fn take(&mut self, block: Block) -> Option<u32> {
        self.find(block).map(|place| self.0.remove(place).0)
    }

    fn settle(&mut self, block: Block, now: u64) -> Option<u32> {
        let place = self.find(block)?;
        if let Some((_, _, since)) = self.0.get_mut(place + 1) {
            *since = now.max(*since);
        }
        Some(self.0.remove(place).0)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Push(u32),
    Take(u32),
    Settle(u32),
    Remove(usize),
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        90 => (0..30u32).prop_map(Step::Push),
        30 => (0..30u32).prop_map(Step::Take),
        20 => (0..30u32).prop_map(Step::Settle),
        20 => (0..60usize).prop_map(Step::Remove),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_plain_list(steps in proptest::collection::vec(step(), 0..300)) {
        let mut requests = Requests::new(7);
        let mut model = Model::default();
        for (now, step) in steps.into_iter().enumerate() {
            let now = now as u64;
            match step {
                Step::Push(piece) => {
                    let key = requests.push(block(piece), now);
                    prop_assert!(model.0.iter().all(|&(other, ..)| other != key));
                    model.0.push((key, block(piece), now));
                }
                Step::Take(piece) => {
                    prop_assert_eq!(requests.take(block(piece)), model.take(block(piece)));
                }
                Step::Settle(piece) => prop_assert_eq!(
                    requests.settle(block(piece), now),
                    model.settle(block(piece), now)
                ),
                Step::Remove(place) => {
                    let Some(&(key, block, _)) = model.0.get(place) else { continue };
                    prop_assert_eq!(requests.get(key), Some(block));
                    prop_assert_eq!(requests.remove(key), Some(block));
                    prop_assert_eq!(requests.remove(key), None);
                    model.0.remove(place);
                }
                Step::Clear => {
                    requests.clear();
                    model.0.clear();
                }
            }
            let in_order: Vec<u32> = requests
                .open
                .iter()
                .flat_map(|open| newer(&open.entries, open.oldest))
                .collect();
            prop_assert!(in_order.iter().eq(model.0.iter().map(|(key, ..)| key)));
            prop_assert_eq!(
                requests.oldest(),
                model.0.first().map(|&(key, _, since)| (key, since))
            );
            prop_assert_eq!(requests.len(), model.0.len());
            let lengths = model.0.iter().map(|(_, block, _)| u64::from(block.length));
            prop_assert_eq!(requests.bytes(), lengths.sum());
            if let Some(table) = requests.open.iter().find_map(|open| open.by_block.as_ref()) {
                let blocks: std::collections::HashSet<Block> =
                    model.0.iter().map(|&(_, block, _)| block).collect();
                prop_assert_eq!(table.len(), blocks.len());
            }
        }
    }
}
