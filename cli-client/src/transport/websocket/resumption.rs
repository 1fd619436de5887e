//! The way back to the seat: nothing is said twice, and nothing is missing.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::Message;
use vez_protocol::{ClientEvent, ServerEvent};

use super::seat::{Return, Seat, Way};
use super::{Event, Failure, Next, WebSocketTransport, event_of, message};

impl WebSocketTransport {
    pub(super) fn take(&mut self, event: ServerEvent<'_>, bytes: usize) -> Result<Option<Event>, Failure> {
        match &event {
            ServerEvent::Seat { token, grace_seconds, last_id, bytes, .. } => {
                return self.sit(token, Duration::from_secs(*grace_seconds), *last_id, *bytes);
            }
            ServerEvent::Turn { .. } => {
                let is_again =
                    self.seat.as_mut().is_some_and(|seat| std::mem::replace(&mut seat.turned, true));
                return Ok(if is_again { None } else { event_of(event, self.sent) });
            }
            ServerEvent::Reply { to, .. } => {
                self.count(bytes);
                if let (Some(seat), Some(id)) = (&mut self.seat, to) {
                    seat.arrived(*id);
                }
            }
            ServerEvent::Output { .. } => self.count(bytes),
            // It is over, here or, where another connection has the seat, at least for this one.
            ServerEvent::Bye { .. } => self.seat = None,
            _ => {}
        }
        Ok(event_of(event, self.sent))
    }

    /// A frame came that the server would say again.
    pub(super) fn count(&mut self, bytes: usize) {
        if self.seat.as_mut().is_some_and(|seat| seat.receipts.receive(bytes)) {
            self.tell_received();
        }
    }

    fn tell_received(&mut self) {
        if let Some(seat) = &mut self.seat {
            let received = ClientEvent::Received { count: seat.receipts.tell() };
            self.pending.push_back(Message::text(received.to_json()));
        }
    }

    /// The connection is lost, with what was read of it last.
    pub(super) fn lose(&mut self, cause: Result<Message, Failure>) -> Result<Next, Failure> {
        let (Some(route), Some(seat), false) = (&self.route, &self.seat, self.leaving) else {
            return cause.map(Next::Frame);
        };
        let cause = match std::mem::replace(&mut self.way, Way::Here) {
            Way::Back(first) => first,
            _ => cause,
        };
        self.way = Way::Away(Return::to(seat, route, &self.heard, cause));
        // Whatever it is, it is known from the seat what has to be said again.
        self.pending.clear();
        Ok(Next::Lost)
    }

    /// The server tells the seat: a new one, or the one that was left.
    fn sit(
        &mut self,
        token: &str,
        grace: Duration,
        last_id: Option<u64>,
        arrived: u64,
    ) -> Result<Option<Event>, Failure> {
        match std::mem::replace(&mut self.way, Way::Here) {
            Way::Back(cause) => {
                let missing =
                    self.seat.as_ref().filter(|seat| seat.has(token)).and_then(|seat| seat.missing(arrived));
                let Some(missing) = missing else {
                    // What was said is lost with the seat: another would have another conversation.
                    self.seat = None;
                    return self.event(cause?);
                };
                self.say_again(last_id, missing);
                self.tell_received();
                Ok(Some(Event::Back))
            }
            _ => {
                if self.route.is_some() {
                    self.seat = Some(Seat::new(token.to_owned(), grace));
                    // Told so, the server holds back what is not confirmed, and drops nothing.
                    self.tell_received();
                }
                Ok(None)
            }
        }
    }

    /// Says what did not arrive, before what is said since.
    fn say_again(&mut self, last_id: Option<u64>, missing: Vec<Bytes>) {
        let Some(seat) = &mut self.seat else { return };
        seat.arrived(last_id.unwrap_or(0));
        let messages = seat.messages().map(|(id, text)| message(text, id));
        let mut again: VecDeque<_> = messages.chain(missing.into_iter().map(Message::Binary)).collect();
        if seat.ended {
            again.push_back(Message::text(ClientEvent::End.to_json()));
        }
        again.append(&mut self.pending);
        self.pending = again;
    }
}
