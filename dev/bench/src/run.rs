//! The run: rounds in which the servers take turns.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::awake::Awake;
use crate::between::Between;
use crate::measure::waiting::Pair;
use crate::measure::{
    departures, flood, gap, guesses, pipeline, relay, round_trip, sessions, start_up, turn_start, waiting,
};
use crate::options::Options;
use crate::plan::Plan;
use crate::process::Running;
use crate::records::{Measure, Records};
use crate::subject::{Subject, Vez};
use crate::system::{self, Cpus};
use crate::{plot, table};

/// Who is measured with a crowd that waits.
const QUEUES: [[Subject; 2]; 2] = [
    [Subject::Vez(Vez::Tcp), Subject::Baseline(Vez::Tcp)],
    [Subject::Vez(Vez::WebSocket), Subject::Baseline(Vez::WebSocket)],
];

/// Bytes of pipelined messages.
const SIZES: [usize; 3] = [32, 16 * 1024, 60_000];

/// No round begins that would end later than this; with a baseline, there is about twice as much to measure.
const LIMIT: Duration = Duration::from_secs(420);

/// Files that are open beside those of the clients that wait.
const FILES: u64 = 200;

/// Measures everything, prints the tables and writes them and the plots.
///
/// # Errors
/// When a server cannot be measured or a file cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let began = Instant::now();
    let plan = Plan::new(options);
    let limit = if options.baseline.is_some() { LIMIT * 2 } else { LIMIT };
    let most = plan.crowds.iter().copied().max().unwrap_or_default() as u64 + FILES;
    let files = system::raise_open_files();
    ensure!(most <= files, "{most} arquivos abertos não cabem no limite de {files} (ulimit -n)");
    fs::create_dir_all(&options.out)?;
    let cpus = Cpus::find()?;
    let _awake = Awake::start(&cpus)?;
    let mut records = Records::default();
    let mut longest = Duration::ZERO;
    for round in 1..=plan.rounds.max(plan.queue_rounds) {
        let start = began.elapsed();
        if start + longest > limit {
            eprintln!("» Sem tempo para mais rodadas: a máquina está ocupada");
            break;
        }
        eprintln!("» Rodada {round} ({} s)", start.as_secs());
        if round <= plan.rounds && !options.only_queue {
            measure_between(options, &plan, &cpus, &mut records)?;
        }
        if round <= plan.rounds && !options.only_queue && !options.only_behind {
            measure_talk(options, &plan, &cpus, &mut records)?;
        }
        if round <= plan.queue_rounds && !options.no_queue && !options.only_behind {
            measure_queue(options, &plan, files, &cpus, &mut records)?;
        }
        longest = longest.max(began.elapsed() - start);
    }
    report(options, &records)?;
    records.losses.judge()
}

/// One round of every server.
fn measure_talk(options: &Options, plan: &Plan, cpus: &Cpus, records: &mut Records) -> Result<()> {
    let subjects: Vec<_> = Subject::ALL.into_iter().filter(|subject| subject.is_given(options)).collect();
    start_up::measure(subjects.clone(), plan.starts, options, cpus, records)?;
    let start = |subject| Running::start(subject, options, cpus);
    let mut servers = subjects.into_iter().map(start).collect::<Result<Vec<_>>>()?;
    round_trip::measure(&servers, plan.messages, records)?;
    check(&mut servers, "round trips", records)?;
    for _ in 0..plan.turns {
        for running in servers.iter_mut().filter(|running| running.subject.has_sessions()) {
            measure_sessions(running, plan, records).with_context(|| running.subject.to_string())?;
        }
        servers.reverse();
    }
    for size in SIZES.into_iter().flat_map(|size| std::iter::repeat_n(size, plan.turns as usize)) {
        for running in servers.iter_mut().filter(|running| running.subject.is_pipelined()) {
            measure_pipeline(running, size, plan, records).with_context(|| running.subject.to_string())?;
        }
        servers.reverse();
    }
    Ok(())
}

/// One round of everything between a client and something behind.
fn measure_between(options: &Options, plan: &Plan, cpus: &Cpus, records: &mut Records) -> Result<()> {
    let start = |all: &[Between]| -> Result<Vec<_>> {
        let given = all.iter().filter(|between| between.is_given(options));
        given.map(|between| Running::start(Subject::Between(*between), options, cpus)).collect()
    };
    let mut servers = start(&Between::TCP)?;
    round_trip::measure(&servers, plan.messages, records)?;
    for _ in 0..plan.turns {
        relay::measure(&servers, plan.stream, records)?;
        servers.reverse();
    }
    let mut servers = start(&Between::WEBSOCKET)?;
    for _ in 0..plan.turns {
        relay::measure(&servers, plan.stream / 8, records)?;
        servers.reverse();
    }
    let servers = start(&Between::STARTING)?;
    turn_start::measure(&servers, plan.starts, records)
}

fn measure_sessions(running: &mut Running, plan: &Plan, records: &mut Records) -> Result<()> {
    gap::measure(running, plan.gaps / plan.turns as usize, records)?;
    sessions::measure(running, plan.duration / plan.turns, records)?;
    check([running], "sessions", records)
}

fn measure_pipeline(running: &mut Running, size: usize, plan: &Plan, records: &mut Records) -> Result<()> {
    pipeline::measure(running, size, plan.turns, plan.duration, records)?;
    if let Some(count) = running.count_transcript()? {
        records.add(Measure::Written(size), running.subject, count.share());
        records.losses.check(running.subject, &format!("pipelined, {size} bytes"), count);
    }
    Ok(())
}

/// One round of Vez with crowds of every size, as far as so many `files` may be open, and with few that flood.
fn measure_queue(
    options: &Options,
    plan: &Plan,
    files: u64,
    cpus: &Cpus,
    records: &mut Records,
) -> Result<()> {
    let start = |subject: &Subject| Running::start(*subject, options, cpus);
    for subjects in QUEUES {
        let subjects: Vec<_> = subjects.into_iter().filter(|subject| subject.is_given(options)).collect();
        for &count in plan.crowds {
            for turn in turns(&subjects, count, files) {
                let pair = |subject| Ok(Pair { crowded: start(subject)?, alone: start(subject)? });
                let mut pairs = turn.iter().map(pair).collect::<Result<Vec<_>>>()?;
                let measured = waiting::measure(&pairs, count, plan.messages, records);
                measured.with_context(|| format!("{turn:?}, {count}"))?;
                let servers = pairs.iter_mut().flat_map(|pair| [&mut pair.crowded, &mut pair.alone]);
                check(servers, &format!("{count} wait"), records)?;
            }
        }
        measure_flood(&subjects, options, plan, cpus, records)?;
        if subjects.contains(&Subject::Vez(Vez::Tcp)) {
            let mut servers = [start(&Subject::Vez(Vez::SignIn))?, start(&Subject::Vez(Vez::SignIn))?];
            guesses::measure(&servers, records)?;
            check(&mut servers, "passwords are guessed", records)?;
        }
        if subjects.contains(&Subject::Vez(Vez::WebSocket)) {
            for count in [100, plan.crowds.iter().copied().max().unwrap_or_default()] {
                for turn in turns(&subjects, count, files) {
                    let mut servers = turn.iter().map(start).collect::<Result<Vec<_>>>()?;
                    departures::measure(&servers, count, records)?;
                    check(&mut servers, "departures", records)?;
                }
            }
        }
    }
    Ok(())
}

/// Vez with few that flood, in turn with itself.
fn measure_flood(
    subjects: &[Subject],
    options: &Options,
    plan: &Plan,
    cpus: &Cpus,
    records: &mut Records,
) -> Result<()> {
    for &subject in subjects {
        let mut servers = [Running::start(subject, options, cpus)?, Running::start(subject, options, cpus)?];
        let [flooded, quiet] = &servers;
        let measured = flood::measure(flooded, quiet, plan.messages, records);
        measured.with_context(|| format!("{subject}, a flood"))?;
        check(&mut servers, "ten wait", records)?;
    }
    Ok(())
}

/// Those that have a crowd at the same time, and can then take turns in it; one after the other, there and back, where
/// two crowds are too many files.
fn turns(subjects: &[Subject], count: usize, files: u64) -> Vec<Vec<Subject>> {
    if (subjects.len() * count) as u64 + FILES <= files {
        return vec![subjects.to_vec()];
    }
    subjects.iter().chain(subjects.iter().rev()).map(|subject| vec![*subject]).collect()
}

/// Notes whose transcript is not complete.
fn check<'a>(
    servers: impl IntoIterator<Item = &'a mut Running>,
    during: &str,
    records: &mut Records,
) -> Result<()> {
    for running in servers {
        if let Some(count) = running.count_transcript()? {
            records.losses.check(running.subject, during, count);
        }
    }
    Ok(())
}

fn report(options: &Options, records: &Records) -> Result<()> {
    let table = table::markdown(records)?;
    print!("{table}");
    fs::write(options.out.join("bench.md"), table)?;
    plot::draw(records, &options.out)?;
    eprintln!("» Tabela e gráficos em {}", options.out.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowds_that_fit_are_measured_by_turns_and_others_there_and_back() {
        let [new, old] = [Subject::Vez(Vez::Tcp), Subject::Baseline(Vez::Tcp)];
        assert_eq!(turns(&[new, old], 1000, 2000 + FILES), [[new, old]]);
        assert_eq!(turns(&[new, old], 1000, 1999 + FILES), [[new], [old], [old], [new]]);
    }
}
