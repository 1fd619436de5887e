//! How it went: one table, and what was broken.

use std::fmt;
use std::process::ExitCode;

use crate::breach::Breach;
use crate::options::Options;
use crate::platform::Memory;
use crate::referee::Tally;
use crate::rest::Rests;

/// Width of the table's first column.
const WIDTH: usize = 44;

/// How it went.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) options: Options,
    pub(crate) seed: u64,
    pub(crate) tally: Tally,
    pub(crate) rests: Rests,
    /// What was broken, the first first.
    pub(crate) breaches: Vec<Breach>,
}

impl Report {
    /// Success if nothing was broken.
    pub(crate) fn status(&self) -> ExitCode {
        if self.breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, seed, tally, rests, breaches } = self;
        let (warm, after) = (rests.warm, rests.after);
        let resident = |memory: Memory| memory.resident;
        row(f, "sessões", tally.sessions)?;
        row(f, "mensagens respondidas", tally.answered)?;
        row(f, "mensagens perdidas", tally.lost)?;
        row(f, "conversas interrompidas por um limite", tally.cut_off)?;
        row(f, "ultrapassados", tally.overtaken)?;
        row(f, "presos", tally.stuck)?;
        row(f, "maior tempo de vez livre com alguém na fila", format!("{:.1?}", tally.longest_free))?;
        row(f, "resposta mais demorada com a vez", format!("{:.1?}", tally.slowest_answer))?;
        row(f, "pico de memória", bytes(after.and_then(|rest| rest.memory).map(|memory| memory.peak)))?;
        row(f, "memória depois do aquecimento", bytes(warm.and_then(|rest| rest.memory).map(resident)))?;
        row(f, "memória no fim", bytes(after.and_then(|rest| rest.memory).map(resident)))?;
        row(
            f,
            "descritores que sobraram",
            rests.descriptors_left().map_or("—".to_owned(), |left| left.to_string()),
        )?;
        for breach in breaches {
            writeln!(f, "{breach}")?;
        }
        if !breaches.is_empty() {
            let Options { seconds, clients, responder, .. } = options;
            let responder = responder.name();
            writeln!(
                f,
                "De novo: cargo xtask torture --seconds {seconds} --clients {clients} --responder {responder} --seed {seed}"
            )?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "{name:WIDTH$} {:>12}", value.to_string())
}

/// Bytes in MiB; a dash for what the system does not tell.
fn bytes(bytes: Option<u64>) -> String {
    bytes.map_or("—".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)))
}
