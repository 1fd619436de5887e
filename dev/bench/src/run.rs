//! The run: rounds in which the servers take turns.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::awake::Awake;
use crate::measure::{departures, gap, pipeline, round_trip, sessions, waiting};
use crate::options::Options;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::subject::{Subject, Vez};
use crate::system::{self, Cpus};
use crate::{plot, table};

/// Who is measured with a crowd that waits.
const QUEUES: [Subject; 4] = [
    Subject::Vez(Vez::Tcp),
    Subject::Baseline(Vez::Tcp),
    Subject::Vez(Vez::WebSocket),
    Subject::Baseline(Vez::WebSocket),
];

/// How much is measured.
struct Plan {
    rounds: u32,
    /// Rounds in which many wait.
    queue_rounds: u32,
    messages: usize,
    /// Of each pipeline and of each crowd of sessions.
    duration: Duration,
    gaps: usize,
    crowds: &'static [usize],
}

const FULL: Plan = Plan {
    rounds: 5,
    queue_rounds: 3,
    messages: 20_000,
    duration: Duration::from_millis(800),
    gaps: 50,
    crowds: &[1_000, 10_000],
};

const QUICK: Plan = Plan {
    rounds: 1,
    queue_rounds: 1,
    messages: 2_000,
    duration: Duration::from_millis(200),
    gaps: 10,
    crowds: &[100, 1_000],
};

/// No round begins that would end later than this.
const LIMIT: Duration = Duration::from_secs(285);

/// Files that are open beside those of the clients that wait.
const FILES: u64 = 200;

/// Measures everything, prints the tables and writes them and the plots.
///
/// # Errors
/// When a server cannot be measured or a file cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let began = Instant::now();
    let mut plan = if options.quick { QUICK } else { FULL };
    if let Some(rounds) = options.rounds {
        (plan.rounds, plan.queue_rounds) = (rounds, rounds);
    }
    let most = plan.crowds.iter().copied().max().unwrap_or_default() as u64 + FILES;
    let files = system::raise_open_files();
    ensure!(most <= files, "{most} arquivos abertos não cabem no limite de {files} (ulimit -n)");
    let cpus = Cpus::find()?;
    let _awake = Awake::start(&cpus)?;
    let mut records = Records::default();
    let mut longest = Duration::ZERO;
    for round in 1..=plan.rounds.max(plan.queue_rounds) {
        let start = began.elapsed();
        if start + longest > LIMIT {
            eprintln!("» Sem tempo para mais rodadas: a máquina está ocupada");
            break;
        }
        eprintln!("» Rodada {round} ({} s)", start.as_secs());
        if round <= plan.rounds && !options.only_queue {
            measure_talk(options, &plan, &cpus, &mut records)?;
        }
        if round <= plan.queue_rounds && !options.no_queue {
            measure_queue(options, &plan, &cpus, &mut records)?;
        }
        longest = longest.max(began.elapsed() - start);
    }
    report(options, &records)
}

/// One round of every server.
fn measure_talk(options: &Options, plan: &Plan, cpus: &Cpus, records: &mut Records) -> Result<()> {
    let subjects = Subject::ALL.into_iter().filter(|subject| subject.is_given(options));
    let start = |subject| Running::start(subject, options, cpus);
    let servers = subjects.map(start).collect::<Result<Vec<_>>>()?;
    round_trip::measure(&servers, plan.messages, records)?;
    for running in &servers {
        measure_one(running, plan, records).with_context(|| running.subject.to_string())?;
    }
    Ok(())
}

fn measure_one(running: &Running, plan: &Plan, records: &mut Records) -> Result<()> {
    let subject = running.subject;
    records.add(Measure::StartUp, subject, running.start_up.as_secs_f64() * 1e3);
    if subject.has_sessions() {
        gap::measure(running, plan.gaps, records)?;
        sessions::measure(running, plan.duration, records)?;
    }
    if subject.is_pipelined() {
        pipeline::measure(running, 32, plan.duration, records)?;
        pipeline::measure(running, 16 * 1024, plan.duration, records)?;
    }
    Ok(())
}

/// One round of Vez with crowds of every size.
fn measure_queue(options: &Options, plan: &Plan, cpus: &Cpus, records: &mut Records) -> Result<()> {
    for &count in plan.crowds {
        for subject in QUEUES.into_iter().filter(|subject| subject.is_given(options)) {
            let running = Running::start(subject, options, cpus)?;
            let alone = Running::start(subject, options, cpus)?;
            let measured = waiting::measure(&running, &alone, count, plan.messages, records);
            measured.with_context(|| format!("{subject}, {count}"))?;
        }
    }
    for count in [100, plan.crowds.iter().copied().max().unwrap_or_default()] {
        for subject in [Subject::Vez(Vez::WebSocket), Subject::Baseline(Vez::WebSocket)] {
            if subject.is_given(options) {
                departures::measure(&Running::start(subject, options, cpus)?, count, records)?;
            }
        }
    }
    Ok(())
}

fn report(options: &Options, records: &Records) -> Result<()> {
    let table = table::markdown(records)?;
    print!("{table}");
    fs::create_dir_all(&options.out)?;
    fs::write(options.out.join("bench.md"), table)?;
    plot::draw(records, &options.out)?;
    eprintln!("» Tabela e gráficos em {}", options.out.display());
    Ok(())
}
