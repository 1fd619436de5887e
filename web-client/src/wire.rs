//! Reads and writes the frames of `vez.v1` with the browser's own JSON.
//!
//! The events are `vez_protocol`'s; its serde would be three quarters of the program.

#[cfg(test)]
#[cfg(target_arch = "wasm32")]
mod tests;

use js_sys::{JSON, Object, Reflect};
use vez_protocol::{ByeReason, ClientEvent, ServerEvent, TurnKind};
use wasm_bindgen::JsValue;

/// The event in a frame's text; `None` for anything else.
pub(crate) fn read(frame: &str) -> Option<ServerEvent<'static>> {
    let fields = Fields(JSON::parse(frame).ok()?);
    Some(match fields.text("type")?.as_str() {
        "seat" => ServerEvent::Seat {
            token: fields.text("token")?.into(),
            grace_seconds: fields.number("grace_seconds")? as u64,
            lost: fields.is("lost"),
            last_id: fields.number("last_id").map(|id| id as u64),
            bytes: fields.number("bytes").unwrap_or_default() as u64,
            user: fields.text("user").map(Into::into),
        },
        "waiting" => ServerEvent::Waiting {
            position: fields.number("position")? as usize,
            ahead: fields.number("ahead").map(|ahead| ahead as usize),
            estimate_seconds: fields.number("estimate_seconds").map(|seconds| seconds as u64),
            holder: fields.text("holder").map(Into::into),
            kind: TurnKind::Chat,
        },
        "turn" => ServerEvent::Turn {
            kind: fields.kind(),
            max_message: fields.number("max_message").map(|bytes| bytes as usize),
            newline: fields.text("newline").map(Into::into),
        },
        "reply" => ServerEvent::Reply {
            text: fields.text("text")?.into(),
            to: fields.number("to").map(|id| id as u64),
        },
        "output" => ServerEvent::Output { text: fields.text("text")?.into() },
        "warning" => {
            ServerEvent::Warning { seconds: fields.number("seconds")? as u64, reason: fields.reason() }
        }
        "bye" => {
            ServerEvent::Bye { reason: fields.reason(), text: fields.text("text")?.into(), status: None }
        }
        "pong" => ServerEvent::Pong,
        _ => ServerEvent::Unknown,
    })
}

/// An event as a frame's text; `None` for one that is not for the wire.
pub(crate) fn write(event: &ClientEvent<'_>) -> Option<String> {
    let object = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&object, &name.into(), &value).ok();
    let kind = match event {
        ClientEvent::Message { text, id } => {
            set("text", JsValue::from_str(text))?;
            if let Some(id) = id {
                set("id", (*id as f64).into())?;
            }
            "message"
        }
        ClientEvent::Stay => "stay",
        ClientEvent::End => "end",
        ClientEvent::Leave => "leave",
        ClientEvent::Received { count } => {
            set("count", (*count as f64).into())?;
            "received"
        }
        ClientEvent::Ping => "ping",
        ClientEvent::Resize { cols, rows } => {
            set("cols", (*cols).into())?;
            set("rows", (*rows).into())?;
            "resize"
        }
        ClientEvent::Unknown => return None,
    };
    set("type", kind.into())?;
    JSON::stringify(&object).ok()?.as_string()
}

/// What a frame holds.
struct Fields(JsValue);

impl Fields {
    fn text(&self, name: &str) -> Option<String> {
        Reflect::get(&self.0, &name.into()).ok()?.as_string()
    }

    fn number(&self, name: &str) -> Option<f64> {
        Reflect::get(&self.0, &name.into()).ok()?.as_f64()
    }

    fn is(&self, name: &str) -> bool {
        Reflect::get(&self.0, &name.into()).is_ok_and(|value| value.is_truthy())
    }

    fn kind(&self) -> TurnKind {
        match self.text("kind").as_deref() {
            None | Some("chat") => TurnKind::Chat,
            Some("stream") => TurnKind::Stream,
            Some("terminal") => TurnKind::Terminal,
            Some(_) => TurnKind::Unknown,
        }
    }

    fn reason(&self) -> ByeReason {
        match self.text("reason").unwrap_or_default().as_str() {
            "farewell" => ByeReason::Farewell,
            "ended" => ByeReason::Ended,
            "per_address" => ByeReason::PerAddress,
            "per_user" => ByeReason::PerUser,
            "lost" => ByeReason::Lost,
            "taken_over" => ByeReason::TakenOver,
            "unavailable" => ByeReason::Unavailable,
            "shutdown" => ByeReason::Shutdown,
            "queue_full" => ByeReason::QueueFull,
            "idle_limit" => ByeReason::IdleLimit,
            "turn_limit" => ByeReason::TurnLimit,
            "too_big" => ByeReason::TooBig,
            "not_text" => ByeReason::NotText,
            "error" => ByeReason::Error,
            _ => ByeReason::Unknown,
        }
    }
}
