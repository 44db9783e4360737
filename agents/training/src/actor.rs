//! The actor: carries out what the desk decides. It decides nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, StreamHandler, WrapFuture};
use automcu_contract::{
    Brief, Metric, RequestError, Share, StopAttempt, SupervisorPort, Ticket, TrainCandidate, TrainingEnd,
    TrainingProgress, TrainingSummary,
};
use automcu_model::{DataType, Provenance};
use automcu_trainer::{Cause, End, Summary, WorkerEvent};
use automcu_workers::{Ending, Executor, Heard, Loss};
use tokio::sync::oneshot;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tracing::{error, info, warn};

use crate::{
    Config, Hands,
    desk::{Closing, Decision, Desk, Rules, Run},
    folder::Folders,
};

/// What waits to be taken in; whoever asks more waits himself.
const MAILBOX: usize = 64;

pub(crate) struct Training {
    desk: Desk,
    folders: Folders,
    executor: Arc<dyn Executor>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    supervisor: SupervisorPort,
    /// By which workers are asked to stop; dropped, they stop too.
    stops: BTreeMap<Ticket, oneshot::Sender<()>>,
    /// The last validation metric of each that trains.
    metrics: BTreeMap<Ticket, Share>,
}

impl Training {
    pub(crate) fn new(config: Config, hands: Hands, supervisor: SupervisorPort) -> Self {
        let Config { slots, most_waiting, retries, pause, grace_s, folder } = config;
        let Hands { executor, store, clock } = hands;
        let desk = Desk::new(Rules { slots, most_waiting, retries, pause });
        let folders = Folders::new(folder, store, grace_s);
        Self { desk, folders, executor, clock, supervisor, stops: BTreeMap::new(), metrics: BTreeMap::new() }
    }

    fn now(&self) -> Duration {
        (self.clock)()
    }

    fn carry_out(&mut self, decisions: Vec<Decision>, ctx: &mut Context<Self>) {
        for decision in decisions {
            match decision {
                Decision::Start(run, asked) => self.start(run, &asked, ctx),
                Decision::Stop(run) => {
                    if let Some(stop) = self.stops.remove(&run.ticket) {
                        // It may have ended meanwhile; then that is on its way.
                        let _ = stop.send(());
                    }
                }
                Decision::Close(asked, closing) => self.close(&asked, &closing, ctx),
                Decision::LookAgain(after) => {
                    ctx.run_later(after, |agent, ctx| {
                        let decisions = agent.desk.look(agent.now());
                        agent.carry_out(decisions, ctx);
                    });
                }
            }
        }
    }

    fn start(&mut self, run: Run, asked: &TrainCandidate, ctx: &mut Context<Self>) {
        told(run.ticket, "Queued", "Training", if run.number > 1 { "once more" } else { "a slot is free" });
        let started = run.ticket.span().in_scope(|| {
            self.folders.prepare(asked).map_err(|trouble| trouble.ending()).and_then(|(request, folder)| {
                let started = self.executor.start(&request, &folder);
                started.map_err(|error| Ending::Failed { cause: Cause::Storage, message: error.to_string() })
            })
        });
        match started {
            Ok(started) => {
                self.stops.insert(run.ticket, started.stop);
                // An executor that ends without an ending must not keep the slot; after an ending this one is late.
                let gone = Ending::Lost { loss: Loss::Gone, words: String::new() };
                let heard = ReceiverStream::new(started.heard).chain(tokio_stream::once(Heard::Ended(gone)));
                ctx.add_stream(heard.map(move |heard| (run, heard)));
            }
            Err(ending) => self.ended(run, ending, ctx),
        }
    }

    fn ended(&mut self, run: Run, ending: Ending, ctx: &mut Context<Self>) {
        if !self.desk.is_on(run) {
            return;
        }
        self.stops.remove(&run.ticket);
        self.metrics.remove(&run.ticket);
        if !matches!(ending, Ending::Done { .. }) {
            let Ticket { job, candidate, attempt } = run.ticket;
            warn!(%job, %candidate, %attempt, run = run.number, cause = %ending, "a worker has failed");
        }
        let before = self.desk.state(run.ticket).unwrap_or("Ended");
        let cause = ending.to_string();
        let decisions = self.desk.ended(run, ending, self.now());
        let after = self.desk.state(run.ticket).unwrap_or("Ended");
        if before != after && after != "Training" {
            told(run.ticket, before, after, &cause);
        }
        self.carry_out(decisions, ctx);
    }

    fn close(&mut self, asked: &TrainCandidate, closing: &Closing, ctx: &mut Context<Self>) {
        let ticket = asked.ticket;
        let (mut end, summary, energy_j) = outcome(closing);
        // What was not begun has no files, but another attempt at the same may.
        let keep = || self.folders.keep(asked);
        let kept = if *closing == Closing::NotBegun { Ok(None) } else { ticket.span().in_scope(keep) };
        let (checkpoint, lost) = match kept {
            Ok(None) if summary.is_some() => (None, Some("the worker has left no checkpoint".to_owned())),
            Ok(checkpoint) => (checkpoint, None),
            Err(trouble) => (None, Some(trouble.to_string())),
        };
        if let Some(reason) = lost {
            error!(job = %ticket.job, candidate = %ticket.candidate, reason, "the checkpoint cannot be kept");
            // Without its weights a training has come to nothing.
            end = TrainingEnd::Failed { reason: Brief::new(&reason), is_transient: true };
        } else if *closing != Closing::NotBegun {
            self.folders.clear(asked);
        }
        let outcome = TrainingSummary {
            ticket,
            end,
            metric: summary.and_then(metric),
            epochs: summary.map_or(0, |summary| summary.epochs),
            duration_ms: summary.map_or(0, |summary| whole(summary.seconds * 1e3)),
            energy_mj: energy_j.map(|joules| whole(joules * 1e3)),
            checkpoint,
        };
        let delivered = self.supervisor.trained.send(outcome);
        ctx.spawn(delivered.into_actor(self).map(move |sent, _, _| {
            if let Err(error) = sent {
                let Ticket { job, candidate, attempt } = ticket;
                error!(%job, %candidate, %attempt, %error, "the supervisor cannot be told how a training ended");
            }
        }));
    }

    fn progressed(&mut self, ticket: Ticket, epochs: u32, done: f64) {
        let Some(done) = Share::new(done.clamp(0.0, 1.0)) else { return };
        let progress = TrainingProgress { ticket, epochs, done, metric: self.metrics.get(&ticket).copied() };
        // Another will come.
        let _ = self.supervisor.progressed.try_send(progress);
    }
}

/// How a training ended, what came of it, and what it took.
fn outcome(closing: &Closing) -> (TrainingEnd, Option<&Summary>, Option<f64>) {
    match closing {
        Closing::GivenUp(Some(Ending::Done { summary, energy_j })) => (end_of(summary, true), Some(summary), *energy_j),
        Closing::NotBegun | Closing::GivenUp(_) => (TrainingEnd::Stopped, None, None),
        Closing::Ended(Ending::Done { summary, energy_j }) => (end_of(summary, false), Some(summary), *energy_j),
        Closing::Ended(ending) => {
            let reason = Brief::new(&ending.to_string());
            (TrainingEnd::Failed { reason, is_transient: ending.is_transient() }, None, None)
        }
    }
}

const fn end_of(summary: &Summary, was_asked: bool) -> TrainingEnd {
    match summary.end {
        End::Completed => TrainingEnd::Finished,
        End::Plateau => TrainingEnd::Stalled,
        End::Stopped if was_asked => TrainingEnd::Stopped,
        End::Stopped => TrainingEnd::OutOfTime,
    }
}

/// What the float32 network gets right of the validation samples.
fn metric(summary: &Summary) -> Option<Metric> {
    let accuracy = &summary.validation.accuracy;
    let [value, low, high] = [accuracy.share, accuracy.interval.0, accuracy.interval.1].map(Share::new);
    Some(Metric { value: value?, low: low?, high: high?, dtype: DataType::Float32, provenance: Provenance::Host })
}

fn whole(number: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to what fits")]
    let whole = number.clamp(0.0, 9e15).round() as u64;
    whole
}

/// The one place where transitions are told.
fn told(ticket: Ticket, from: &str, to: &str, cause: &str) {
    let Ticket { job, candidate, attempt } = ticket;
    info!(%job, %candidate, %attempt, agent = "training", from, to, cause, "state changed");
}

impl Actor for Training {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<TrainCandidate> for Training {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: TrainCandidate, ctx: &mut Self::Context) -> Self::Result {
        let ticket = asked.ticket;
        let is_new = self.desk.state(ticket).is_none();
        let decisions = self.desk.ask(asked, self.now())?;
        if is_new {
            told(ticket, "Asked", "Queued", "asked for");
        }
        self.carry_out(decisions, ctx);
        Ok(())
    }
}

impl Handler<StopAttempt> for Training {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, stop: StopAttempt, ctx: &mut Self::Context) -> Self::Result {
        let before = self.desk.state(stop.ticket);
        let decisions = self.desk.stop(stop.ticket, self.now());
        let after = self.desk.state(stop.ticket).unwrap_or("Ended");
        if let Some(before) = before.filter(|before| *before != after) {
            told(stop.ticket, before, after, &format!("{:?}", stop.cause).to_lowercase());
        }
        self.carry_out(decisions, ctx);
        Ok(())
    }
}

impl StreamHandler<(Run, Heard)> for Training {
    fn handle(&mut self, (run, heard): (Run, Heard), ctx: &mut Self::Context) {
        match heard {
            Heard::Ended(ending) => self.ended(run, ending, ctx),
            Heard::Said(_) if !self.desk.is_on(run) => {}
            Heard::Said(WorkerEvent::Progress { share, epoch, .. }) => {
                self.progressed(run.ticket, epoch.saturating_sub(1), share);
            }
            Heard::Said(WorkerEvent::Epoch { share, epoch, validation, .. }) => {
                if let Some(validation) = Share::new(validation) {
                    self.metrics.insert(run.ticket, validation);
                }
                self.progressed(run.ticket, epoch, share);
            }
            Heard::Said(WorkerEvent::BackedOff { epoch }) => {
                let Ticket { job, candidate, attempt } = run.ticket;
                warn!(%job, %candidate, %attempt, epoch, "numbers went wrong; once more at a lower rate");
            }
            Heard::Said(_) => {}
        }
    }

    /// An attempt's stream ends with it; the agent goes on.
    fn finished(&mut self, _: &mut Self::Context) {}
}
