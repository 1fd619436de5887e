//! A serial device that is open, and is used by nobody else.

use std::io;
use std::path::Path;
use std::time::Duration;

use serial2_tokio::{SerialPort, Settings};

use super::line::SerialLine;
use crate::platform::DeviceLock;

/// A device as its line says it.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) port: SerialPort,
    /// Let go after the port is closed.
    lock: DeviceLock,
}

/// Why a serial device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is none of this name.
    #[error("{0} não existe")]
    Missing(String),
    /// Another program has it open.
    #[error("{0} já está em uso por outro programa")]
    Busy(String),
    /// The server's user may not.
    #[error("{0} não permite acesso a este usuário")]
    Denied(String),
    /// It does not do what a parameter asks for.
    #[error("{line} recusa {parameter}: {error}")]
    Refused {
        /// The device.
        line: String,
        /// The parameter, as it is written.
        parameter: String,
        /// What the system says.
        error: io::Error,
    },
    /// The system does not open it.
    #[error("não foi possível abrir {line}: {error}")]
    Failed {
        /// The device.
        line: String,
        /// What the system says.
        error: io::Error,
    },
}

impl DeviceError {
    /// What to do about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Missing(_) => "corrija o nome, conecte o dispositivo ou use --lazy",
            Self::Busy(_) => "encerre esse programa",
            Self::Denied(_) => "no Linux, inclua o usuário no grupo do dispositivo (dialout)",
            Self::Refused { .. } => "use outro valor, ou nenhum",
            Self::Failed { .. } => "indique um dispositivo serial que funcione, ou use --lazy",
        }
    }

    fn new(line: &SerialLine, error: io::Error) -> Self {
        let line = line.to_string();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(line),
            io::ErrorKind::ResourceBusy => Self::Busy(line),
            io::ErrorKind::PermissionDenied => Self::Denied(line),
            _ => Self::Failed { line, error },
        }
    }
}

impl Device {
    /// Opens the device. Who has it already is not disturbed: the lock comes before any setting.
    pub(super) fn open(line: &SerialLine) -> Result<Self, DeviceError> {
        let failed = |error| DeviceError::new(line, error);
        let (lock, path) = DeviceLock::take(&line.path).map_err(failed)?;
        let port = open(&path).map_err(failed)?;
        lock.exclude().map_err(failed)?;
        let mut device = Self { port, lock };
        device.configure(line)?;
        Ok(device)
    }

    /// Sets one thing after the other, so that what is refused has a name.
    fn configure(&mut self, line: &SerialLine) -> Result<(), DeviceError> {
        let refused =
            |parameter: String| |error| DeviceError::Refused { line: line.to_string(), parameter, error };
        let port = &mut self.port;
        let (baud, data, parity) = (line.baud, line.data, line.parity);
        let (stop, flow) = (line.stop, line.flow);
        set(port, |to| to.set_baud_rate(baud)).map_err(refused(format!("baud={baud}")))?;
        set(port, with(|to| to.set_char_size(data.value))).map_err(refused(format!("data={data}")))?;
        set(port, with(|to| to.set_parity(parity.value))).map_err(refused(format!("parity={parity}")))?;
        set(port, with(|to| to.set_stop_bits(stop.value))).map_err(refused(format!("stop={stop}")))?;
        set(port, with(|to| to.set_flow_control(flow.value))).map_err(refused(format!("flow={flow}")))?;
        if let Some(dtr) = line.dtr {
            port.set_dtr(dtr.value).map_err(refused(format!("dtr={dtr}")))?;
        }
        if let Some(rts) = line.rts {
            port.set_rts(rts.value).map_err(refused(format!("rts={rts}")))?;
        }
        Ok(())
    }

    /// Closes it, once what was written is sent: for that it has `limit`, because the system would wait longer.
    pub(super) async fn close(self, limit: Duration) {
        self.lock.drain(limit).await;
    }
}

fn open(path: &Path) -> io::Result<SerialPort> {
    SerialPort::open(path, |mut settings: Settings| {
        settings.set_raw();
        Ok(settings)
    })
}

/// A change of settings that only the device can refuse.
fn with(change: impl Fn(&mut Settings)) -> impl Fn(&mut Settings) -> io::Result<()> {
    move |settings| {
        change(settings);
        Ok(())
    }
}

fn set(port: &mut SerialPort, change: impl Fn(&mut Settings) -> io::Result<()>) -> io::Result<()> {
    let mut settings = port.get_configuration()?;
    change(&mut settings)?;
    port.set_configuration(&settings)
}
