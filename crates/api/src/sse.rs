//! Notices as a stream of `text/event-stream`: written by the daemon, read within bounds by the client.

use serde::Serialize;
use serde_json::Value;

use crate::{
    events::{EventView, Notice},
    views::JobState,
};

/// The most bytes of a line, and of a frame's data: an event at its largest, with room.
pub const WIRE_LINE_BYTES: usize = 2 << 20;

/// A frame of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What kind it is.
    pub event: String,
    /// By which the stream is taken up again.
    pub id: Option<String>,
    /// JSON.
    pub data: String,
}

/// What is no stream of notices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A line, or the data of a frame, is too long.
    #[error("a line of more than {WIRE_LINE_BYTES} bytes in a stream of events")]
    TooLong,
    /// A line is no text.
    #[error("a line of a stream of events is no UTF-8")]
    NoText,
    /// A frame is not what it says.
    #[error("a notice {event:?} is not understood: {problem}")]
    Data {
        /// What it says that it is.
        event: String,
        /// What is wrong.
        problem: String,
    },
}

impl Notice {
    /// A frame of it. Only events of one watched job have an id, by which that stream can be taken up again.
    #[must_use]
    pub fn frame(&self, is_of_one_job: bool) -> String {
        let (event, data) = match self {
            Self::Event(event) => ("event", json(event)),
            Self::Progress(progress) => ("progress", json(progress)),
            Self::Missed(count) => ("missed", json(count)),
            Self::Over(state) => ("over", json(state)),
        };
        let id = match self {
            Self::Event(event) if is_of_one_job => format!("id: {}\n", event.n),
            _ => String::new(),
        };
        format!("event: {event}\n{id}data: {data}\n\n")
    }

    /// The notice in a frame; none where a newer daemon tells what is not known here.
    pub fn read(frame: &Frame) -> Result<Option<Self>, FrameError> {
        let wrong = |error: serde_json::Error| FrameError::Data {
            event: frame.event.chars().take(40).collect(),
            problem: error.to_string(),
        };
        let data = frame.data.as_str();
        match frame.event.as_str() {
            "event" => serde_json::from_str::<EventView>(data).map(|event| Some(Self::Event(Box::new(event)))),
            "progress" => serde_json::from_str(data).map(|progress| Some(Self::Progress(progress))),
            "missed" => serde_json::from_str(data).map(|count| Some(Self::Missed(count))),
            "over" => serde_json::from_str::<JobState>(data).map(|state| Some(Self::Over(state))),
            _ => serde_json::from_str::<Value>(data).map(|_| None),
        }
        .map_err(wrong)
    }
}

/// Puts frames together from bytes as they come.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    after_return: bool,
    frame: Frame,
    has_data: bool,
}

impl Reader {
    /// Takes bytes in, and gives the frames that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        let mut frames = Vec::new();
        for byte in bytes {
            let follows_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => frames.extend(self.end_of_line()?),
                byte if self.line.len() < WIRE_LINE_BYTES => self.line.push(*byte),
                _ => return Err(FrameError::TooLong),
            }
        }
        Ok(frames)
    }

    fn end_of_line(&mut self) -> Result<Option<Frame>, FrameError> {
        let line = std::mem::take(&mut self.line);
        let line = str::from_utf8(&line).map_err(|_| FrameError::NoText)?;
        if line.is_empty() {
            let frame = std::mem::take(&mut self.frame);
            return Ok(std::mem::take(&mut self.has_data).then_some(frame));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.frame.event),
            "id" => self.frame.id = Some(value.to_owned()),
            "data" => self.data(value)?,
            // Comments, and fields that mean nothing here.
            _ => {}
        }
        Ok(None)
    }

    fn data(&mut self, value: &str) -> Result<(), FrameError> {
        if self.has_data {
            self.frame.data.push('\n');
        }
        self.has_data = true;
        self.frame.data.push_str(value);
        if self.frame.data.len() > WIRE_LINE_BYTES { Err(FrameError::TooLong) } else { Ok(()) }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("notices are plain data with text for keys")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{events::What, ids::JobId};
    use proptest::{collection::vec, prelude::any, proptest};

    fn note(text: &str) -> Notice {
        let what = What::Note { text: text.to_owned(), candidate: None };
        Notice::Event(Box::new(EventView { job: JobId(3), n: 7, at_ms: 1, what }))
    }

    fn read(text: &str) -> Result<Vec<Option<Notice>>, FrameError> {
        Reader::default().feed(text.as_bytes())?.iter().map(Notice::read).collect()
    }

    #[test]
    fn notices_are_frames_and_only_events_of_one_job_have_an_id() {
        let said = r#"data: {"job":"j3","n":7,"at_ms":1,"kind":"note","text":"a\nb","candidate":null}"#;
        assert_eq!(note("a\nb").frame(true), format!("event: event\nid: 7\n{said}\n\n"));
        assert_eq!(note("a\nb").frame(false), format!("event: event\n{said}\n\n"));
        assert_eq!(Notice::Over(JobState::Failed).frame(true), "event: over\ndata: \"failed\"\n\n");
        assert_eq!(Notice::Missed(3).frame(true), "event: missed\ndata: 3\n\n");
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_wrong_is_told() {
        let text = ": alive\r\n\r\nretry: 5\r\n\r\nevent: mood\r\ndata: {}\r\n\r\nevent: missed\rdata: 3\r\r";
        assert_eq!(read(text), Ok(vec![None, Some(Notice::Missed(3))]));
        let newer = "event: event\ndata: {\"job\":\"j3\",\"n\":7,\"at_ms\":1,\"kind\":\"dreamt\",\"of\":\"sheep\"}\n\n";
        let [Some(Notice::Event(event))] = &read(newer).expect("read")[..] else { panic!("no event") };
        assert_eq!((event.n, &event.what), (7, &What::Unknown));
        let error = read("event: over\ndata: 5\n\n").expect_err("no state").to_string();
        assert!(error.starts_with("a notice \"over\" is not understood: "), "{error}");
        assert_eq!(Reader::default().feed(b"data: \xff\n"), Err(FrameError::NoText));
    }

    #[test]
    fn a_stream_cannot_fill_the_memory() {
        let mut reader = Reader::default();
        let part = vec![b'x'; 1 << 20];
        assert_eq!(reader.feed(&part), Ok(vec![]));
        assert_eq!(reader.feed(&part), Ok(vec![]));
        assert_eq!(reader.feed(b"x"), Err(FrameError::TooLong));
        let line = [b"data: ", &part[..], b"\n"].concat();
        let mut reader = Reader::default();
        assert_eq!(reader.feed(&line), Ok(vec![]));
        assert_eq!(reader.feed(&line), Err(FrameError::TooLong));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_stream_is_torn(texts in vec(any::<String>(), 1..4), cut in 0_usize..400) {
            let notices: Vec<_> = texts.iter().map(|text| note(text)).collect();
            let stream: String = notices.iter().map(|notice| notice.frame(true)).collect();
            let (first, second) = stream.as_bytes().split_at(cut.min(stream.len()));
            let mut reader = Reader::default();
            let mut frames = reader.feed(first).expect("frames");
            frames.extend(reader.feed(second).expect("frames"));
            let read: Vec<_> = frames.iter().filter_map(|frame| Notice::read(frame).expect("a notice")).collect();
            assert_eq!(read, notices);
            assert_eq!(frames[0].id.as_deref(), Some("7"));
        }

        #[test]
        fn garbage_is_no_more_than_that(bytes in vec(any::<u8>(), 0..200)) {
            if let Ok(frames) = Reader::default().feed(&bytes) {
                frames.iter().for_each(|frame| drop(Notice::read(frame)));
            }
        }
    }
}
