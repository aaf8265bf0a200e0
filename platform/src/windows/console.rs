//! The events after which Windows ends the process: a console that is closed, a user that logs off, a machine that
//! stops.

use std::sync::OnceLock;
use std::{io, thread};

use windows_sys::Win32::Foundation::ERROR_ALREADY_EXISTS;
use windows_sys::Win32::System::Console::{
    CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
};

use super::calls::succeeded;
use super::error::from_code;
use crate::seam::system::EndHandler;

static HANDLER: OnceLock<EndHandler> = OnceLock::new();

pub(super) fn before_forced_end(handler: EndHandler) -> io::Result<()> {
    const ADD: i32 = 1;
    HANDLER.set(handler).map_err(|_| from_code(ERROR_ALREADY_EXISTS))?;
    // SAFETY: the routine is valid until the process ends.
    succeeded(unsafe { SetConsoleCtrlHandler(Some(on_event), ADD) })
}

/// The handler, which the system calls in a thread of its own. False leaves the event to earlier handlers.
unsafe extern "system" fn on_event(event: u32) -> i32 {
    if !matches!(event, CTRL_CLOSE_EVENT | CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT) {
        return 0;
    }
    if let Some(handler) = HANDLER.get() {
        handler();
    }
    // The system ends the process when this returns, so it waits until the process has ended itself or time runs out.
    loop {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT};

    use super::*;

    #[test]
    fn a_forced_end_is_told_and_put_off() {
        let (sender, told) = mpsc::channel();
        before_forced_end(Box::new(move || sender.send(()).expect("the test listens")))
            .expect("the first one");
        assert!(before_forced_end(Box::new(|| {})).is_err(), "there is one");
        // SAFETY: the call takes a number.
        assert_eq!([CTRL_C_EVENT, CTRL_BREAK_EVENT].map(|event| unsafe { on_event(event) }), [0, 0]);
        assert!(told.try_recv().is_err(), "those are for others");
        // SAFETY: as above.
        let answer = thread::spawn(|| unsafe { on_event(CTRL_CLOSE_EVENT) });
        told.recv_timeout(Duration::from_secs(20)).expect("it is told");
        thread::sleep(Duration::from_millis(50));
        assert!(!answer.is_finished(), "the answer would end the process");
    }
}
