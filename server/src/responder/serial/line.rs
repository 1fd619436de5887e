//! A serial line as its URL says it: where it is, and how it is spoken.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serial2_tokio::{CharSize, FlowControl, Parity, StopBits};

use crate::units::size_within;

/// Most that is kept of what a device says while nobody has the turn, in bytes.
const LARGEST_BACKLOG: usize = 16 * 1024 * 1024;

/// A serial line: `serial:PATH?baud=115200&…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// The device: on Windows a name, elsewhere a file.
    pub(super) path: PathBuf,
    /// Bits per second.
    pub(super) baud: u32,
    pub(super) data: Choice<CharSize>,
    pub(super) parity: Choice<Parity>,
    pub(super) stop: Choice<StopBits>,
    pub(super) flow: Choice<FlowControl>,
    /// What ends a line for the device.
    pub(super) newline: Choice<&'static str>,
    /// The modem lines, where they are said.
    pub(super) dtr: Option<Choice<bool>>,
    pub(super) rts: Option<Choice<bool>>,
    pub(super) hold: Choice<Hold>,
    /// Whether the bytes are those of a terminal.
    pub(super) kind: Choice<bool>,
    /// How many of the last bytes are kept while nobody has the turn.
    pub(super) backlog: usize,
}

/// How long a device is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// From the server's start to its end.
    Always,
    /// For each turn.
    Turn,
}

/// A value, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice<T> {
    name: &'static str,
    pub(super) value: T,
}

impl<T> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The values of a parameter, the standard one first.
type Choices<T, const N: usize> = [Choice<T>; N];

const DATA: Choices<CharSize, 4> = [
    choice("8", CharSize::Bits8),
    choice("7", CharSize::Bits7),
    choice("6", CharSize::Bits6),
    choice("5", CharSize::Bits5),
];
const PARITY: Choices<Parity, 3> =
    [choice("none", Parity::None), choice("even", Parity::Even), choice("odd", Parity::Odd)];
const STOP: Choices<StopBits, 2> = [choice("1", StopBits::One), choice("2", StopBits::Two)];
const FLOW: Choices<FlowControl, 3> = [
    choice("none", FlowControl::None),
    choice("rtscts", FlowControl::RtsCts),
    choice("xonxoff", FlowControl::XonXoff),
];
const NEWLINE: Choices<&str, 3> = [choice("crlf", "\r\n"), choice("lf", "\n"), choice("cr", "\r")];
const LEVEL: Choices<bool, 2> = [choice("on", true), choice("off", false)];
const HOLD: Choices<Hold, 2> = [choice("always", Hold::Always), choice("turn", Hold::Turn)];

const KIND: Choices<bool, 2> = [choice("stream", false), choice("terminal", true)];

const fn choice<T>(name: &'static str, value: T) -> Choice<T> {
    Choice { name, value }
}

impl SerialLine {
    fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            baud: 115_200,
            data: DATA[0],
            parity: PARITY[0],
            stop: STOP[0],
            flow: FLOW[0],
            newline: NEWLINE[0],
            dtr: None,
            rts: None,
            hold: HOLD[0],
            kind: KIND[0],
            backlog: 64 * 1024,
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "baud" => self.baud = baud(value)?,
            "data" => self.data = one_of(&DATA, name, value)?,
            "parity" => self.parity = one_of(&PARITY, name, value)?,
            "stop" => self.stop = one_of(&STOP, name, value)?,
            "flow" => self.flow = one_of(&FLOW, name, value)?,
            "newline" => self.newline = one_of(&NEWLINE, name, value)?,
            "dtr" => self.dtr = Some(one_of(&LEVEL, name, value)?),
            "rts" => self.rts = Some(one_of(&LEVEL, name, value)?),
            "hold" => self.hold = one_of(&HOLD, name, value)?,
            "kind" => self.kind = one_of(&KIND, name, value)?,
            "backlog" => {
                self.backlog = size_within(value, 0..=LARGEST_BACKLOG)
                    .map_err(|error| format!("backlog={value}: {error}"))?;
            }
            _ => {
                return Err(format!(
                    "there is no {name:?}; write baud, data, parity, stop, flow, newline, dtr, rts, hold, kind or backlog"
                ));
            }
        }
        Ok(())
    }
}

impl FromStr for SerialLine {
    type Err = String;

    /// Reads what stands after `serial:`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, parameters) = text.split_once('?').unwrap_or((text, ""));
        if path.is_empty() {
            return Err("there is no path; write serial:/dev/ttyUSB0?baud=115200".to_owned());
        }
        let mut line = Self::new(path);
        let mut said = Vec::new();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter
                .split_once('=')
                .ok_or_else(|| format!("{parameter:?} has no value; write NAME=VALUE"))?;
            if said.contains(&name) {
                return Err(format!("{name} is there twice; write it once"));
            }
            said.push(name);
            line.set(name, value)?;
        }
        Ok(line)
    }
}

impl fmt::Display for SerialLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "serial:{}", self.path.display())
    }
}

/// A rate of 0 would hang up (termios(3)).
fn baud(value: &str) -> Result<u32, String> {
    match value.parse() {
        Ok(baud @ 1..) => Ok(baud),
        _ => Err(format!("baud={value} is no rate; write 115200, or what the device speaks")),
    }
}

fn one_of<T: Copy>(choices: &[Choice<T>], name: &str, value: &str) -> Result<Choice<T>, String> {
    let names = || choices.iter().map(|choice| choice.name).collect::<Vec<_>>().join(", ");
    let found = choices.iter().find(|choice| choice.name == value);
    found.copied().ok_or_else(|| format!("{name}={value} is none of {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_most_consoles_are() {
        let line: SerialLine = "/dev/ttyUSB0".parse().unwrap();
        assert_eq!(line, SerialLine::new("/dev/ttyUSB0"));
        assert_eq!((line.baud, line.newline.value, line.backlog), (115_200, "\r\n", 65536));
        assert_eq!(line.to_string(), "serial:/dev/ttyUSB0");
    }

    #[test]
    fn every_parameter_is_taken() {
        let url = "COM3?baud=9600&data=7&parity=even&stop=2&flow=rtscts&newline=cr&dtr=off&rts=on&hold=turn&kind=terminal&backlog=1KiB";
        let line: SerialLine = url.parse().unwrap();
        let expected = SerialLine {
            baud: 9600,
            data: DATA[1],
            parity: PARITY[1],
            stop: STOP[1],
            flow: FLOW[1],
            newline: NEWLINE[2],
            dtr: Some(LEVEL[1]),
            rts: Some(LEVEL[0]),
            hold: HOLD[1],
            kind: KIND[1],
            backlog: 1024,
            ..SerialLine::new("COM3")
        };
        assert_eq!(line, expected);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_value_and_what_to_write() {
        for (url, part) in [
            ("", "serial:/dev/ttyUSB0"),
            ("?baud=9600", "serial:/dev/ttyUSB0"),
            ("x?speed=9600", "\"speed\"; write baud"),
            ("x?baud", "\"baud\" has no value; write NAME=VALUE"),
            ("x?baud=0", "baud=0 is no rate; write 115200"),
            ("x?baud=fast", "baud=fast is no rate"),
            ("x?baud=4294967296", "baud=4294967296 is no rate"),
            ("x?baud=9600&baud=9600", "baud is there twice"),
            ("x?data=9", "data=9 is none of 8, 7, 6, 5"),
            ("x?parity=mark", "parity=mark is none of none, even, odd"),
            ("x?stop=1.5", "stop=1.5 is none of 1, 2"),
            ("x?flow=on", "flow=on is none of none, rtscts, xonxoff"),
            ("x?newline=lfcr", "newline=lfcr is none of crlf, lf, cr"),
            ("x?dtr=1", "dtr=1 is none of on, off"),
            ("x?rts=", "rts= is none of on, off"),
            ("x?hold=never", "hold=never is none of always, turn"),
            ("x?kind=chat", "kind=chat is none of stream, terminal"),
            ("x?backlog=17MiB", "backlog=17MiB: must be from 0 to 16777216 bytes"),
            ("x?backlog=much", "backlog=much: "),
        ] {
            let error = url.parse::<SerialLine>().unwrap_err();
            assert!(error.contains(part), "{url}: {error}");
        }
    }
}
