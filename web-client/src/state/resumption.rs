//! The way back to our seat: nothing is said twice, and nothing is missing.

use vez_protocol::ClientEvent;

use super::{Delivery, Effect, Note, Seat, Speaker, State};

impl State {
    /// The server gave us a seat: the one that we had, or another.
    pub(super) fn seated(&mut self, token: String, last_id: Option<u64>, arrived: u64, now: u64) {
        match self.seat.take() {
            Some(seat) if seat.has(&token) => {
                let missing = seat.missing(arrived).map(<[u8]>::to_vec);
                self.seat = Some(seat);
                self.send_again(last_id);
                match missing {
                    Some(bytes) => self.send_in_frames(&bytes),
                    None => return self.start_over(now),
                }
            }
            before => {
                if before.is_some() {
                    self.seat = before;
                    self.let_go_of_talk(Note::Lost, now);
                    self.say(Speaker::Page(Note::SeatLost), String::new(), now);
                }
                self.seat = Some(Seat::new(token));
            }
        }
        // Told so, the server holds back what we do not confirm, and drops nothing.
        self.tell_received();
    }

    /// Gives the seat up for another: a hole in what the other side gets would be worse.
    fn start_over(&mut self, now: u64) {
        self.let_go(Note::Lost, now);
        self.forget_seat();
        self.connect(now);
    }

    /// Sends what the server has not received.
    fn send_again(&mut self, last_id: Option<u64>) {
        let mut next = 0;
        if let Some(id) = last_id {
            // Where nothing could be kept, no number may come twice.
            self.conversation.go_on_after(id as usize);
            next = self.conversation.index(id as usize).map_or(0, |index| index.saturating_add(1));
        }
        // Another tab with the same seat may have sent what waits in this one.
        while let Some(index) = self.conversation.oldest(Delivery::Waiting).filter(|index| *index < next) {
            self.turn(index, Delivery::Sent);
        }
        while let Some(index) = self.conversation.sent_from(next) {
            self.ask(Effect::Send(self.message(index)));
            next = index + 1;
        }
    }

    pub(super) fn message(&self, index: usize) -> ClientEvent<'static> {
        ClientEvent::Message {
            text: self.conversation.text(index).to_owned().into(),
            id: Some(self.conversation.number(index) as u64),
        }
    }

    /// A frame came that the server would send again, and what it brings is kept with the seat.
    pub(super) fn count(&mut self, bytes: usize) {
        self.receive(bytes);
        if self.seat.is_some() {
            self.ask(Effect::KeepSeat);
        }
    }

    pub(super) fn receive(&mut self, bytes: usize) {
        if self.seat.as_mut().is_some_and(|seat| seat.receipts.receive(bytes)) {
            self.tell_received();
        }
    }

    fn tell_received(&mut self) {
        if let Some(seat) = &mut self.seat {
            let count = seat.receipts.tell();
            self.ask(Effect::Send(ClientEvent::Received { count }));
            self.ask(Effect::KeepSeat);
        }
    }

    pub(super) fn forget_seat(&mut self) {
        if self.seat.take().is_some() {
            self.ask(Effect::KeepSeat);
        }
    }

    /// Sends bytes into the stream.
    pub(super) fn pass(&mut self, bytes: Vec<u8>) {
        if let Some(seat) = &mut self.seat {
            seat.send(&bytes);
        }
        self.send_in_frames(&bytes);
    }

    /// Sends bytes in frames that are not longer than messages may be.
    fn send_in_frames(&mut self, bytes: &[u8]) {
        for frame in bytes.chunks(self.limit.max(1)) {
            self.ask(Effect::SendBytes(frame.to_vec()));
        }
    }
}
