//! A server's transcript: whether it has a line for each message that was answered.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};

/// A transcript that has not grown for so long is all that comes: servers write ten times a second.
const STILL: Duration = Duration::from_secs(1);

/// From one look at the file to the next.
const LOOK: Duration = Duration::from_millis(5);

/// What a server prints, read behind it.
///
/// It prints into a plain file, read only when the clock has stopped: a pipe would have to be read while the server
/// is measured, on one of the two CPUs that it and its clients need, and would measure the reader.
#[derive(Debug)]
pub(crate) struct Transcript {
    file: BufReader<File>,
    /// What has come of a line whose end has not.
    line: Vec<u8>,
}

impl Transcript {
    /// Reads `path`, into which a server prints.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Writable, so that what was counted can be given back.
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self { file: BufReader::with_capacity(1 << 18, file), line: Vec::new() })
    }

    /// Counts what was printed since the last count, when the server has written all or nothing more comes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn count(&mut self, answered: u64) -> io::Result<Count> {
        let mut count = Count { answered, ..Count::default() };
        let mut grew = Instant::now();
        loop {
            if count.read(&mut self.file, &mut self.line)? {
                grew = Instant::now();
            }
            if count.lines >= answered || grew.elapsed() > STILL {
                break;
            }
            std::thread::sleep(LOOK);
        }
        self.free();
        Ok(count)
    }

    /// Gives what was counted back to the disk, where that is possible; the server may go on writing behind it.
    fn free(&mut self) {
        if let Ok(end @ 1..) = self.file.stream_position() {
            let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            let _ = fallocate(self.file.get_ref(), hole, 0, end);
        }
    }
}

/// The messages that a server answered and what it printed of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) answered: u64,
    /// Those that tell of a message.
    pub(crate) lines: u64,
    /// Those that tell of lost lines.
    pub(crate) losses: u64,
}

impl Count {
    /// Whether each message has its line and nothing else was lost.
    pub(crate) fn is_complete(self) -> bool {
        self.lines == self.answered && self.losses == 0
    }

    /// How many lines are too few, or too many.
    pub(crate) fn difference(self) -> u64 {
        self.answered.abs_diff(self.lines)
    }

    /// Lines of messages answered, in percent.
    pub(crate) fn share(self) -> f64 {
        if self.lines == self.answered { 100.0 } else { 100.0 * self.lines as f64 / self.answered as f64 }
    }

    /// Counts complete lines, and leaves in `line` what has come of the next; false if nothing has come.
    fn read(&mut self, input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
        let mut grew = false;
        while input.read_until(b'\n', line)? > 0 {
            grew = true;
            if line.ends_with(b"\n") {
                self.add(line);
                line.clear();
            }
        }
        Ok(grew)
    }

    fn add(&mut self, line: &[u8]) {
        // What a peer says stands behind the first words, where it cannot pass for them.
        if line.starts_with(b"Mensagem recebida de ") {
            self.lines += 1;
        } else if String::from_utf8_lossy(line).contains("linhas perdidas") {
            self.losses += 1;
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, lines, losses } = self;
        write!(
            f,
            "{lines} linhas de {answered} mensagens respondidas (diferença: {})",
            answered.abs_diff(*lines)
        )?;
        if *losses > 0 {
            write!(f, ", {losses} vezes \"linhas perdidas\"")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const SAID: &str = "Conectado por ('127.0.0.1', 5)\n\
        Mensagem recebida de ('127.0.0.1', 5): oi\n\
        Mensagem recebida de ('127.0.0.1', 5): [9 linhas perdidas: não]\n\
        Mensagem recebida de ('127.0.0.1', 5): Mensagem recebida de mim\n";

    #[test]
    fn lines_are_counted_whatever_the_peer_says() {
        let (mut count, mut line) = (Count { answered: 3, ..Count::default() }, Vec::new());
        assert!(count.read(&mut SAID.as_bytes(), &mut line).unwrap());
        assert_eq!(count, Count { answered: 3, lines: 3, losses: 0 });
        assert!(count.is_complete());
    }

    #[test]
    fn a_line_that_comes_in_two_parts_is_one() {
        for middle in 0..SAID.len() {
            let (mut count, mut line) = (Count::default(), Vec::new());
            for part in [&SAID.as_bytes()[..middle], &SAID.as_bytes()[middle..]] {
                count.read(&mut &*part, &mut line).unwrap();
            }
            assert_eq!((count.lines, line.len()), (3, 0), "{middle}");
        }
    }

    #[test]
    fn a_difference_or_a_notice_of_loss_is_seen_and_said() {
        let count = |answered, lines, losses| Count { answered, lines, losses };
        assert!(!count(10, 9, 0).is_complete() && !count(10, 11, 0).is_complete());
        assert!(!count(10, 10, 1).is_complete());
        assert!((count(200, 50, 1).share() - 25.0).abs() < f64::EPSILON);
        assert!((count(0, 0, 0).share() - 100.0).abs() < f64::EPSILON);
        assert!(count(200, 50, 0).to_string().contains("diferença: 150"));
        let (mut told, mut line) = (Count::default(), Vec::new());
        told.read(&mut "[7 linhas perdidas: a saída ficou parada]\n".as_bytes(), &mut line).unwrap();
        assert_eq!(told, count(0, 0, 1));
    }

    #[test]
    fn what_was_counted_is_not_counted_again() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        let mut transcript = Transcript::open(written.path()).unwrap();
        for _ in 0..2 {
            written.write_all(SAID.as_bytes()).unwrap();
            assert_eq!(transcript.count(3).unwrap(), Count { answered: 3, lines: 3, losses: 0 });
        }
    }

    #[test]
    fn a_line_that_never_comes_is_missed() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        let mut transcript = Transcript::open(written.path()).unwrap();
        written.write_all(SAID.as_bytes()).unwrap();
        assert!(!transcript.count(4).unwrap().is_complete());
    }
}
