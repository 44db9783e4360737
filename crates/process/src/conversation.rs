//! A program that is talked with while it runs.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    thread,
    time::Duration,
};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::{
    group::Leader,
    program::{Ended, Outputs, Program, ProgramError},
    said::Keep,
};

/// The longest line that is heard.
const LONGEST_LINE: u64 = 1 << 20;
/// Lines that wait to be heard; whoever says more waits.
const MOST_WAITING: usize = 64;
/// So many of the last bytes of standard output and standard error are kept.
const LAST_WORDS: usize = 16 << 10;
/// Between the signal that may be heeded and the one that may not.
const GRACE: Duration = Duration::from_secs(2);

/// A program that is talked with: lines go to its standard input, lines come from a descriptor of its own, so that what
/// libraries print does not come between. Dropped, its group is ended.
pub struct Conversation {
    program: Program,
    leader: Leader,
    sayings: Option<Sender<String>>,
    lines: Receiver<Heard>,
    outputs: Outputs,
}

/// What is heard of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line.
    Line(String),
    /// Nothing for as long as was waited.
    Nothing,
    /// A line that is too long, or no text: not what was agreed.
    Babble,
    /// It says no more.
    Silence,
}

impl Program {
    /// Starts it, to be talked with. It is told by this flag where its lines should go. Whoever it is started by may end
    /// without a word: then its standard input ends.
    pub fn converse(&self, flag: &str) -> Result<Conversation, ProgramError> {
        self.started(flag).map_err(|error| self.not_started(error))
    }

    fn started(&self, flag: &str) -> io::Result<Conversation> {
        let (reader, writer) = io::pipe()?;
        let writer = OwnedFd::from(writer);
        let mut command = self.command();
        command.arg(flag).arg(format!("/dev/fd/{}", writer.as_raw_fd())).stdin(Stdio::piped());
        let mut leader = Leader::start(inheriting(&mut command, writer))?;
        // The command holds an end of the pipe that must close for the lines to end.
        drop(command);
        let outputs = Outputs::of(&mut leader, Keep::Last(LAST_WORDS))?;
        let (sayings, to_say) = channel();
        if let Some(stdin) = leader.child().stdin.take() {
            thread::Builder::new().spawn(move || say(stdin, &to_say))?;
        }
        let (sender, lines) = sync_channel(MOST_WAITING);
        thread::Builder::new().spawn(move || hear(reader, &sender))?;
        let program = self.clone();
        Ok(Conversation { program, leader, sayings: Some(sayings), lines, outputs })
    }
}

/// The command, with a descriptor that the program finds open.
fn inheriting(command: &mut Command, descriptor: OwnedFd) -> &mut Command {
    let open = move || fcntl_setfd(descriptor.as_fd(), FdFlags::empty()).map_err(io::Error::from);
    #[expect(unsafe_code, reason = "between fork and exec")]
    // SAFETY: a single system call, which allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(open)
    }
}

/// Writes what is to be said, until there is no more or nobody reads: a program that does not listen must not hold up
/// whoever talks to it.
fn say(mut stdin: impl Write, to_say: &Receiver<String>) {
    while let Ok(line) = to_say.recv() {
        if stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

/// Reads lines until there are no more or nobody wants them.
fn hear(pipe: impl Read, lines: &SyncSender<Heard>) {
    let mut pipe = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        let read = (&mut pipe).take(LONGEST_LINE).read_until(b'\n', &mut line);
        let heard = match read {
            Ok(0) | Err(_) => return,
            Ok(_) => match (line.pop(), String::from_utf8(line)) {
                (Some(b'\n'), Ok(text)) => Heard::Line(text),
                _ => Heard::Babble,
            },
        };
        let is_last = heard == Heard::Babble;
        if lines.send(heard).is_err() || is_last {
            return;
        }
    }
}

impl Conversation {
    /// Says a line. One that has ended does not hear it.
    pub fn say(&self, line: &str) {
        if let Some(sayings) = &self.sayings {
            // The next that is heard tells that it has ended.
            let _ = sayings.send(format!("{line}\n"));
        }
    }

    /// The next that is heard, if anything is for so long.
    #[must_use]
    pub fn hear(&self, patience: Duration) -> Heard {
        self.lines.recv_timeout(patience).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => Heard::Nothing,
            RecvTimeoutError::Disconnected => Heard::Silence,
        })
    }

    /// Says no more, and waits for the program to end; after `patience` it and its group are ended. What is left of its lines
    /// is dropped.
    pub fn end(mut self, patience: Duration) -> Result<Ended, ProgramError> {
        self.sayings = None;
        // A line that nobody takes would hold the program up.
        let (_, nobody) = sync_channel(1);
        self.lines = nobody;
        let status = self.leader.wait(patience, GRACE).map_err(|error| self.program.lost(error))?;
        Ok(self.outputs.ended(status, GRACE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A shell script that is told in `$2` where its lines should go.
    fn shell(script: &str) -> Conversation {
        let program = Program::new("/bin/sh", "/").args(["-c", script, "sh"]);
        program.converse("--lines").expect("a shell")
    }

    fn line(text: &str) -> Heard {
        Heard::Line(text.to_owned())
    }

    #[test]
    fn lines_go_in_and_come_out_beside_what_is_printed() {
        let talk =
            shell(r#"exec 9>"$2"; while read word; do echo "heard $word" >&9; echo noise; done; echo end >&2; exit 3"#);
        talk.say("one");
        talk.say("two");
        assert_eq!([talk.hear(PATIENCE), talk.hear(PATIENCE)], [line("heard one"), line("heard two")]);
        assert_eq!(talk.hear(Duration::from_millis(10)), Heard::Nothing);
        let ended = talk.end(PATIENCE).expect("a shell");
        assert_eq!(
            (ended.status, ended.last_words(), ended.output.text.as_str()),
            (Status::Exited(3), "end", "noise\nnoise\n")
        );
    }

    #[test]
    fn one_that_says_no_more_or_nonsense_is_told_apart() {
        assert_eq!(shell("exit 0").hear(PATIENCE), Heard::Silence);
        assert_eq!(shell(r#"printf '\377\n' > "$2""#).hear(PATIENCE), Heard::Babble);
        assert_eq!(shell(r#"printf 'cut off' > "$2""#).hear(PATIENCE), Heard::Babble);
        assert_eq!(shell(r#"head -c 1100000 /dev/zero | tr '\0' x > "$2""#).hear(PATIENCE), Heard::Babble);
    }

    #[test]
    fn one_that_does_not_listen_holds_nobody_up_and_is_ended() {
        let talk = shell("trap '' TERM; while :; do sleep 1; done");
        talk.say(&"x".repeat(1 << 20));
        let ended = talk.end(Duration::from_millis(100)).expect("a shell");
        assert_eq!(ended.status, Status::TimedOut);
    }

    #[test]
    fn one_that_says_more_than_is_heard_can_end() {
        let talk = shell(r#"yes > "$2" & sleep 0.2; exit 4"#);
        assert_eq!(talk.hear(PATIENCE), line("y"));
        assert_eq!(talk.end(PATIENCE).expect("a shell").status, Status::Exited(4));
    }

    #[test]
    fn one_that_nobody_talks_with_any_more_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::new("/bin/sh", folder.path());
        let script = r#"sleep 60 & echo $! > child; echo there > "$2"; wait"#;
        let talk = program.args(["-c", script, "sh"]).converse("--lines").expect("a shell");
        assert_eq!(talk.hear(PATIENCE), line("there"));
        let child = std::fs::read_to_string(folder.path().join("child")).expect("written");
        drop(talk);
        // The signal is sent; whoever takes orphans in takes a moment.
        let stat = format!("/proc/{}/stat", child.trim());
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            thread::yield_now();
        }
    }

    #[test]
    fn only_the_last_words_are_kept() {
        let talk = shell("head -c 100000 /dev/zero | tr '\\0' x; echo last");
        let ended = talk.end(PATIENCE).expect("a shell");
        assert!(
            ended.output.was_cut && ended.output.text.len() == LAST_WORDS && ended.output.text.ends_with("xlast\n")
        );
    }
}
