//! `ipc-channel` 0.23: a channel of bytes each way (`bytes_channel`, which its documentation offers for those who do
//! without serialization), blocking; exchanged through an `IpcOneShotServer`. It has no settings.

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender};

use crate::linux::link::{Link, Spec};

type Ends = (IpcBytesSender, IpcBytesReceiver);

/// A channel of bytes each way.
pub struct Channels {
    server: Option<IpcOneShotServer<Ends>>,
    ends: Option<Ends>,
}

impl Channels {
    #[inline]
    fn ends(&self) -> &Ends {
        self.ends.as_ref().expect("both ends have connected")
    }
}

impl Link for Channels {
    fn create(_spec: &Spec<'_>) -> Result<(Self, String), String> {
        let (server, name) = IpcOneShotServer::new().map_err(|error| error.to_string())?;
        Ok((Channels { server: Some(server), ends: None }, name))
    }

    fn connect(_spec: &Spec<'_>, token: &str) -> Self {
        let (there, incoming) = ipc::bytes_channel().expect("make a channel");
        let (outgoing, back) = ipc::bytes_channel().expect("make a channel");
        let server = IpcSender::<Ends>::connect(token.to_owned()).expect("connect");
        server.send((there, back)).expect("send the other end's");
        Channels { server: None, ends: Some((outgoing, incoming)) }
    }

    fn accept(&mut self) {
        let server = self.server.take().expect("accepts once");
        self.ends = Some(server.accept().expect("accept").1);
    }

    fn send(&mut self, message: &[u8]) {
        self.ends().0.send(message).expect("send");
    }

    fn receive(&mut self, into: &mut [u8]) {
        into.copy_from_slice(&self.ends().1.recv().expect("receive"));
    }
}
