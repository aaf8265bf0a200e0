//! `raw_sync` 0.1: auto-reset events in shared memory. `Event` waits in the kernel, `BusyEvent` spins.

use raw_sync::Timeout;
use raw_sync::events::{BusyEvent, Event, EventImpl, EventInit, EventState};

use crate::linux::arena::ROOM;
use crate::linux::link::{Link, Spec};

/// Where the two events lie in the arena: from the first end to the second, and back.
const AT: [usize; 2] = [ROOM + 2048, ROOM + 3072];

/// Two events of one of its kinds.
pub struct Pair<E> {
    outgoing: Box<dyn EventImpl>,
    incoming: Box<dyn EventImpl>,
    kind: std::marker::PhantomData<E>,
}

/// Events that wait in the kernel.
pub type Events = Pair<Event>;
/// Events that spin.
pub type BusyEvents = Pair<BusyEvent>;

fn memory(spec: &Spec<'_>, index: usize) -> *mut u8 {
    // SAFETY: inside the arena, which is larger.
    unsafe { spec.arena.view().as_ptr().add(AT[index]) }
}

impl<E: EventInit> Pair<E> {
    fn over(outgoing: Box<dyn EventImpl>, incoming: Box<dyn EventImpl>) -> Self {
        Pair { outgoing, incoming, kind: std::marker::PhantomData }
    }
}

impl<E: EventInit> Link for Pair<E> {
    const MAX: usize = 0;

    fn create(spec: &Spec<'_>) -> Result<(Self, String), String> {
        let make = |index| {
            // SAFETY: aligned room of the arena, which both ends keep mapped until they have ended their work.
            unsafe { E::new(memory(spec, index), true) }.map(|made| made.0).map_err(|error| error.to_string())
        };
        Ok((Pair::over(make(0)?, make(1)?), String::new()))
    }

    fn connect(spec: &Spec<'_>, _token: &str) -> Self {
        let open = |index| {
            // SAFETY: as above, and the first end has initialised it.
            unsafe { E::from_existing(memory(spec, index)) }.expect("the first end has made it").0
        };
        Pair::over(open(1), open(0))
    }

    fn send(&mut self, _message: &[u8]) {
        self.outgoing.set(EventState::Signaled).expect("set");
    }

    fn receive(&mut self, _into: &mut [u8]) {
        self.incoming.wait(Timeout::Infinite).expect("wait");
    }
}
