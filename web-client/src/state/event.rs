//! What reaches the state, and what it asks for.

use vez_protocol::{ClientEvent, ServerEvent};

/// When something happened, and the chance that belongs to it, so that the state itself is pure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Milliseconds since the Unix epoch.
    pub(crate) millis: u64,
    /// A random number from 0 up to 1.
    pub(crate) chance: f64,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The page is ready.
    Started,
    /// The socket is open.
    Opened,
    /// The server said something.
    Received(ServerEvent<'static>),
    /// The server passed bytes of a stream on.
    Streamed(Vec<u8>),
    /// The socket closed, with the Close frame's code or 1006.
    Closed(u16),
    /// The server answers plain HTTP.
    Reachable,
    /// The person changed the text in the field.
    Edited(String),
    /// The person sends the draft.
    Submitted,
    /// The person sends bytes of a stream, as with Ctrl-C.
    Typed(Vec<u8>),
    /// The terminal has so many columns and rows.
    Resized(u16, u16),
    /// There is no terminal to be had: what comes is shown as a stream.
    TerminalFailed,
    /// The person says that they are still there.
    StayAsked,
    /// The person leaves the queue or the conversation.
    LeaveAsked,
    /// The person wants nothing of the conversation to be left on this device.
    ClearAsked,
    /// The person wants to connect now.
    ReconnectAsked,
    /// The person wants the other language.
    LanguageSwitched,
    /// The person wants sound, or no sound.
    SoundSwitched,
    /// The browser said what it thinks of notifications.
    NotificationsAnswered(Permission),
    /// The alarm that [`State::alarm`](super::State::alarm) asked for went off.
    Tick,
    /// The network is back.
    Online,
    /// The network is gone.
    Offline,
    /// The page is in sight.
    Shown,
    /// The page is out of sight.
    Hidden,
    /// The page goes, perhaps into the back-forward cache.
    PageLeft,
    /// The page comes back from the back-forward cache.
    PageReturned,
}

/// Something to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Open a new socket, letting go of any other, and ask for this seat.
    Connect(Option<String>),
    /// Close the socket, hear no more from it, and give the seat up.
    Disconnect,
    /// Close the socket and hear no more from it; the seat is kept.
    Suspend,
    /// Tell the server.
    Send(ClientEvent<'static>),
    /// Send bytes of a stream.
    SendBytes(Vec<u8>),
    /// Have a terminal.
    OpenTerminal,
    /// Have the terminal become what another was.
    Restore(String),
    /// Have the terminal take in what a program wrote.
    Feed(Vec<u8>),
    /// Show the draft in the field, which differs from what was typed.
    ShowDraft,
    /// Put the cursor into the field.
    Focus,
    /// Call the person, who is looking elsewhere.
    Call,
    /// Find out whether the server answers plain HTTP.
    Probe,
    /// Keep the message with this index over a reload.
    KeepEntry(usize),
    /// Keep the seat over a reload, or forget it.
    KeepSeat,
    /// Keep the stream over a reload, or forget it.
    KeepStream,
    /// Forget the conversation, here and over a reload.
    Clear,
    /// Keep the draft over a reload.
    KeepDraft,
    /// Keep the preferences for the next visit.
    KeepPreferences,
}

/// Whether the browser lets the page notify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Permission {
    /// The person can still be asked.
    Askable,
    /// Yes.
    Granted,
    /// No, or the browser has no notifications.
    #[default]
    Denied,
}
