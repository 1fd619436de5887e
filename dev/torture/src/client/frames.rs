//! WebSocket frames (RFC 6455 §5.2), right and wrong, as bytes.

use fastrand::Rng;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

/// Any mask does: no proxy is in between.
const MASK: [u8; 4] = [0x56, 0x65, 0x7a, 0x21];

/// A text message in one frame.
pub(super) fn text(payload: &str) -> Vec<u8> {
    frame(FrameHeader { opcode: OpCode::Data(Data::Text), ..masked() }, payload.as_bytes())
}

/// A frame that is no message: an empty ping, pong, or beginning or middle of a message.
pub(super) fn empty(opcode: OpCode) -> Vec<u8> {
    frame(FrameHeader { opcode, is_final: matches!(opcode, OpCode::Control(_)), ..masked() }, b"")
}

/// The beginning of a text message, which ends where the caller's bytes end.
pub(super) fn unfinished(payload: &[u8]) -> Vec<u8> {
    frame(FrameHeader { opcode: OpCode::Data(Data::Text), is_final: false, ..masked() }, payload)
}

/// Frames that make a message of `size` bytes and more: in one, in two, or only announced.
pub(super) fn oversized(size: usize, rng: &mut Rng) -> Vec<u8> {
    let payload = vec![b'x'; size];
    match rng.u32(..3) {
        0 => frame(FrameHeader { opcode: OpCode::Data(Data::Text), ..masked() }, &payload),
        1 => {
            let rest = FrameHeader { opcode: OpCode::Data(Data::Continue), ..masked() };
            [unfinished(&payload[size / 2..]), frame(rest, &payload[size / 2..])].concat()
        }
        // The length of a 64-bit header (RFC 6455 §5.2): 2^62 bytes that never come.
        _ => [&[0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0][..], &MASK[..], &payload].concat(),
    }
}

/// A frame that breaks the protocol.
pub(super) fn bad(rng: &mut Rng) -> Vec<u8> {
    let text = FrameHeader { opcode: OpCode::Data(Data::Text), ..masked() };
    let control = |control| FrameHeader { opcode: OpCode::Control(control), ..masked() };
    match rng.u32(..9) {
        0 => frame(FrameHeader { mask: None, ..text }, "olá".as_bytes()),
        1 => frame(FrameHeader { rsv1: true, ..text }, b"ola"),
        2 => frame(FrameHeader { opcode: OpCode::Data(Data::Reserved(3)), ..masked() }, b"ola"),
        3 => frame(FrameHeader { opcode: OpCode::Control(Control::Reserved(11)), ..masked() }, b""),
        4 => frame(FrameHeader { opcode: OpCode::Data(Data::Continue), ..masked() }, b"ola"),
        5 => frame(FrameHeader { is_final: false, ..control(Control::Ping) }, b"ola"),
        6 => frame(control(Control::Ping), &[b'x'; 126]),
        7 => frame(control(Control::Close), &1005_u16.to_be_bytes()[..rng.usize(1..=2)]),
        _ => frame(text, b"ol\xe1"),
    }
}

fn masked() -> FrameHeader {
    FrameHeader { mask: Some(MASK), ..FrameHeader::default() }
}

fn frame(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = Frame::from_payload(header, payload.to_vec().into());
    frame.format(&mut bytes).expect("a Vec takes every byte");
    bytes
}
