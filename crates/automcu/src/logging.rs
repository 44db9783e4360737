//! What a verb that runs for long logs, and how: as text for people, as JSON, or for the journal. What is logged can be changed while
//! it runs. Verbs that answer and end log nothing.

use std::{fmt, io, sync::Arc};

use automcu_settings::{FilterError, LogFilter, LogFormat};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter, format::Writer},
    layer::{Layered, SubscriberExt},
    registry::LookupSpan,
    reload,
};

/// How the log is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Lines for people, coloured where they are watched.
    Text {
        /// Whether a person watches them.
        is_watched: bool,
    },
    /// A line of JSON for each event.
    Json,
    /// Lines with the journal's priorities, and without times, which the journal knows.
    Journald,
}

impl Form {
    /// As the configuration says, where a person or the journal reads it, or neither.
    #[must_use]
    pub const fn of(format: LogFormat, is_watched: bool, is_journal: bool) -> Self {
        match format {
            LogFormat::Auto if is_journal => Self::Journald,
            LogFormat::Auto | LogFormat::Text => Self::Text { is_watched },
            LogFormat::Json => Self::Json,
            LogFormat::Journald => Self::Journald,
        }
    }
}

/// By which what is logged is changed while the program runs.
#[derive(Clone)]
pub struct LogHandle(Arc<reload::Handle<Targets, Registry>>);

impl LogHandle {
    /// The filter.
    #[must_use]
    pub fn level(&self) -> String {
        self.0.with_current(ToString::to_string).unwrap_or_else(|_| "off".to_owned())
    }

    /// Logs by another filter from now on.
    pub fn set(&self, level: &str) -> Result<(), FilterError> {
        let targets = targets(&level.parse()?);
        // Where there is no log any more, nothing is logged by any filter.
        let _ = self.0.reload(targets);
        Ok(())
    }
}

/// There is a log already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is set up twice in one process")]
pub struct SetUpTwice;

/// Has the whole process log to standard error.
pub fn install(filter: &LogFilter, form: Form) -> Result<LogHandle, SetUpTwice> {
    let (subscriber, handle) = set_up(filter, form, io::stderr);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| SetUpTwice)?;
    Ok(handle)
}

type Filtered = Layered<reload::Layer<Targets, Registry>, Registry>;

/// A log that is written there, and what changes it.
pub fn set_up<W>(filter: &LogFilter, form: Form, sink: W) -> (impl Subscriber + Send + Sync + use<W>, LogHandle)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(targets(filter));
    let lines = tracing_subscriber::fmt::layer::<Filtered>().with_writer(sink);
    let lines: Box<dyn Layer<Filtered> + Send + Sync> = match form {
        Form::Text { is_watched } => lines.with_ansi(is_watched).boxed(),
        Form::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_ansi(false).boxed()
        }
        Form::Journald => lines.with_ansi(false).event_format(JournalLine).boxed(),
    };
    (tracing_subscriber::registry().with(filter).with(lines), LogHandle(Arc::new(handle)))
}

fn targets(filter: &LogFilter) -> Targets {
    filter.get().parse().expect("a filter of the configuration is one of the log")
}

/// A line for the journal: its priority, who says it, and what.
struct JournalLine;

impl<S, N> FormatEvent<S, N> for JournalLine
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        let about = event.metadata();
        // A second line would be an event of its own, without a priority.
        let fields = fields.replace('\n', "\\n");
        write!(line, "<{}>{}: {fields}", priority(*about.level()), about.target())?;
        // Whom it is about, where whoever logged it does not know.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(about) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                write!(line, " {}={{{}}}", span.name(), about.replace('\n', "\\n"))?;
            }
        }
        writeln!(line)
    }
}

/// As syslog counts: 3 for errors to 7 for what only developers read.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Mutex, PoisonError},
    };

    use tracing::{debug, info, subscriber::with_default, warn};

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn lines(&self) -> Vec<String> {
            let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8_lossy(&bytes).lines().map(ToOwned::to_owned).collect()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged while this is done.
    fn logged(filter: &str, form: Form, work: impl FnOnce(&LogHandle)) -> Vec<String> {
        let kept = Kept::default();
        let sink = kept.clone();
        let (subscriber, handle) = set_up(&filter.parse().expect("a filter"), form, move || sink.clone());
        with_default(subscriber, || work(&handle));
        kept.lines()
    }

    /// As an agent tells of a transition.
    fn transition() {
        let (job, candidate) = ("j7", "c3");
        info!(
            %job,
            %candidate,
            agent = "training",
            from = "Queued",
            to = "Training",
            cause = "a slot is free",
            "state changed"
        );
    }

    #[test]
    fn a_transition_is_a_line_of_json_with_all_its_fields() {
        let lines = logged("info", Form::Json, |_| transition());
        let event: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
        for (field, value) in [
            ("level", "INFO"),
            ("message", "state changed"),
            ("job", "j7"),
            ("candidate", "c3"),
            ("agent", "training"),
            ("from", "Queued"),
            ("to", "Training"),
            ("cause", "a slot is free"),
        ] {
            assert_eq!(event[field], value, "{event}");
        }
        assert!(event["target"].as_str().is_some_and(|target| target.starts_with("automcu")), "{event}");
        assert!(event["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{event}");
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn the_journal_gets_priorities_and_no_times_and_a_line_for_each_event() {
        let lines = logged("trace", Form::Journald, |_| {
            tracing::error!("broken");
            warn!(words = "two\nlines", "odd");
            transition();
            debug!("details");
        });
        assert_eq!(lines[0], "<3>automcu::logging::tests: broken");
        assert_eq!(lines[1], "<4>automcu::logging::tests: odd words=\"two\\nlines\"");
        let told = "state changed job=j7 candidate=c3 agent=\"training\" from=\"Queued\"";
        assert!(lines[2].starts_with(&format!("<6>automcu::logging::tests: {told}")), "{lines:?}");
        assert_eq!(lines[3..], ["<7>automcu::logging::tests: details"]);
    }

    #[test]
    fn what_is_logged_on_behalf_of_a_candidate_says_so_in_every_form() {
        let work = || {
            let span = tracing::info_span!("candidate", job = %"j7", candidate = %"c3", attempt = %"a1");
            span.in_scope(|| warn!("a tool is slow"));
        };
        let line = |form| logged("info", form, |_| work()).concat();
        let json: serde_json::Value = serde_json::from_str(&line(Form::Json)).expect("JSON");
        assert_eq!((&json["span"]["job"], &json["span"]["candidate"]), (&"j7".into(), &"c3".into()), "{json}");
        for form in [Form::Journald, Form::Text { is_watched: false }] {
            assert!(
                line(form).contains("candidate{job=j7 candidate=c3 attempt=a1}")
                    || line(form).contains("candidate={job=j7 candidate=c3 attempt=a1}")
            );
        }
    }

    #[test]
    fn text_is_coloured_only_where_a_person_watches() {
        let of = |is_watched| logged("info", Form::Text { is_watched }, |_| transition()).concat();
        assert!(of(true).contains('\u{1b}') && !of(false).contains('\u{1b}'));
        assert!(of(false).contains("INFO automcu::logging::tests: state changed job=j7"), "{}", of(false));
    }

    #[test]
    fn what_is_logged_is_changed_while_it_runs() {
        let lines = logged("warn", Form::Journald, |log| {
            info!("one");
            assert_eq!(log.set("automcu=debug,error"), Ok(()));
            assert!(log.level().contains("automcu=debug"), "{}", log.level());
            debug!("two");
            info!(target: "elsewhere", "three");
            assert!(log.set("loud").is_err_and(|error| error.to_string().starts_with("\"loud\" is no level; write")));
            debug!("four");
            assert_eq!(log.set("off"), Ok(()));
            tracing::error!("five");
        });
        assert_eq!(lines, ["<7>automcu::logging::tests: two", "<7>automcu::logging::tests: four"]);
    }

    #[test]
    fn what_the_configuration_takes_for_a_filter_the_log_takes_too() {
        for text in ["info", "off", "warn,automcu_training=debug", "automcu_supervisor::actor=trace,error", "a=off"] {
            let filter: LogFilter = text.parse().expect(text);
            assert!(text.split(',').all(|part| targets(&filter).to_string().contains(part)), "{text}");
        }
    }

    #[test]
    fn the_form_follows_from_who_reads_it() {
        let auto = |is_watched, is_journal| Form::of(LogFormat::Auto, is_watched, is_journal);
        assert_eq!(auto(true, false), Form::Text { is_watched: true });
        assert_eq!(auto(false, false), Form::Text { is_watched: false });
        assert_eq!(auto(false, true), Form::Journald);
        assert_eq!(Form::of(LogFormat::Json, false, true), Form::Json);
        assert_eq!(Form::of(LogFormat::Text, false, true), Form::Text { is_watched: false });
        assert_eq!(Form::of(LogFormat::Journald, true, false), Form::Journald);
    }
}
