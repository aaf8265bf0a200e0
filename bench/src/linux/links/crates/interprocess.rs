//! `interprocess` 2.4: a local socket (a Unix stream socket with a name in the abstract name space), blocking. It offers
//! no setting for the sizes of buffers, so these are the system's.

use std::io::{Read as _, Write as _};

use interprocess::local_socket::{GenericNamespaced, Listener, ListenerOptions, Name, Stream, prelude::*};

use crate::linux::leftovers;
use crate::linux::link::{Link, Spec};
use crate::linux::links::kernel::wake_up;

/// A stream.
pub struct LocalSocket {
    listener: Option<Listener>,
    stream: Option<Stream>,
}

fn name() -> std::io::Result<Name<'static>> {
    leftovers::name().to_ns_name::<GenericNamespaced>()
}

impl LocalSocket {
    #[inline]
    fn stream(&mut self) -> &mut Stream {
        self.stream.as_mut().expect("both ends have connected")
    }
}

impl Link for LocalSocket {
    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        let listen = |name| ListenerOptions::new().name(name).create_sync();
        let listener = name().and_then(listen).map_err(|error| error.to_string())?;
        Ok((LocalSocket { listener: Some(listener), stream: None }, String::new()))
    }

    fn connect(_spec: &Spec<'_>, _token: &str) -> Self {
        let stream = name().and_then(Stream::connect).expect("connect");
        LocalSocket { listener: None, stream: Some(stream) }
    }

    fn accept(&mut self) {
        let listener = self.listener.take().expect("accepts once");
        self.stream = Some(listener.accept().expect("accept"));
    }

    fn send(&mut self, message: &[u8]) {
        self.stream().write_all(wake_up(message)).expect("write");
    }

    fn receive(&mut self, into: &mut [u8]) {
        let mut byte = [0];
        self.stream().read_exact(if into.is_empty() { &mut byte } else { into }).expect("read");
    }
}
