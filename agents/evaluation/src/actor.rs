//! The actor: carries out what the desk decides. It decides nothing. Work runs on threads of its own, as a judge may take minutes
//! and nothing can end it but its deadline.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use automcu_contract::{
    RequestError, ScreenCandidate, ScreeningSummary, StopAttempt, StopCause, SupervisorPort, Ticket,
    VerificationSummary, VerifyCandidate,
};
use tokio::sync::oneshot;
use tracing::{error, info};

use crate::{
    Config, Hands,
    bench::Bench,
    desk::{Asked, Closing, Decision, Desk, Run},
    finding::Finding,
};

/// What waits to be taken in; whoever asks more waits himself.
const MAILBOX: usize = 64;

pub(crate) struct Evaluation {
    desk: Desk,
    bench: Arc<Bench>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    supervisor: SupervisorPort,
    /// By which threads are asked to end at their next step.
    stops: BTreeMap<Run, Arc<AtomicBool>>,
}

impl Evaluation {
    pub(crate) fn new(config: Config, hands: Hands, supervisor: SupervisorPort) -> Self {
        let desk = Desk::new(config.screening, config.verification);
        let clock = Arc::clone(&hands.clock);
        let bench = Arc::new(Bench::new(config, hands));
        Self { desk, bench, clock, supervisor, stops: BTreeMap::new() }
    }

    fn now(&self) -> Duration {
        (self.clock)()
    }

    fn take_in(&mut self, asked: Asked, ctx: &mut Context<Self>) -> Result<(), RequestError> {
        let (lane, ticket) = (asked.lane(), asked.ticket());
        let is_new = !self.desk.is_here(lane, ticket);
        let decisions = self.desk.ask(asked, self.now())?;
        if is_new && self.desk.is_here(lane, ticket) {
            told(ticket, "Asked", "Queued", "asked for");
        }
        self.carry_out(decisions, None, ctx);
        Ok(())
    }

    /// Carries decisions out; `found` is what has just come back, for whoever it is the answer to.
    fn carry_out(&mut self, decisions: Vec<Decision>, mut found: Option<Finding>, ctx: &mut Context<Self>) {
        for decision in decisions {
            match decision {
                Decision::Start(run, asked) => self.start(run, asked, ctx),
                Decision::Stop(run) => {
                    if let Some(stop) = self.stops.get(&run) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Decision::Close(asked, closing, took) => {
                    let finding = found.take_if(|_| closing == Closing::Ended);
                    self.close(&asked, closing, took, finding, ctx);
                }
                Decision::LookAgain(after) => {
                    ctx.run_later(after, |agent, ctx| {
                        let decisions = agent.desk.look(agent.now());
                        agent.carry_out(decisions, None, ctx);
                    });
                }
            }
        }
    }

    fn start(&mut self, run: Run, asked: Box<Asked>, ctx: &mut Context<Self>) {
        let Ticket { job, candidate, attempt } = run.ticket;
        told(run.ticket, "Queued", run.lane.state(), "a slot is free");
        let stop = Arc::new(AtomicBool::new(false));
        self.stops.insert(run, Arc::clone(&stop));
        let bench = Arc::clone(&self.bench);
        let (answer, answered) = oneshot::channel();
        let span = run.ticket.span();
        let work = move || {
            // What judges and tools below log is on behalf of the candidate.
            let _within = span.enter();
            let found = catch_unwind(AssertUnwindSafe(|| bench.answer(&asked, &stop)));
            // If the agent has ended, nobody is left to hear of it.
            let _ = answer.send(found.unwrap_or_else(|panic| broken_down(&*panic)));
        };
        if let Err(error) = thread::Builder::new().name(format!("{job}-{candidate}")).spawn(work) {
            error!(%job, %candidate, %attempt, %error, "no thread can be started");
        }
        // Where there is no thread, there is nobody left who would answer.
        let found = answered.into_actor(self).map(move |found, agent, ctx| {
            let found = found.unwrap_or_else(|_| Finding::failed("no thread can be started", true));
            agent.ended(run, found, ctx);
        });
        ctx.spawn(found);
    }

    fn ended(&mut self, run: Run, found: Finding, ctx: &mut Context<Self>) {
        self.stops.remove(&run);
        let decisions = self.desk.ended(run, self.now());
        self.carry_out(decisions, Some(found), ctx);
    }

    fn close(
        &self,
        asked: &Asked,
        closing: Closing,
        took: Option<Duration>,
        found: Option<Finding>,
        ctx: &mut Context<Self>,
    ) {
        let (ticket, state) = (asked.ticket(), took.map_or("Queued", |_| asked.lane().state()));
        let finding = found.unwrap_or_else(|| Finding::failed(unfinished(closing), true));
        let cause = match closing {
            Closing::Ended => "its run has come back",
            closing => unfinished(closing),
        };
        told(ticket, state, "Ended", cause);
        let duration_ms = took.map_or(0, |took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let Finding { judge, verdict, footprint, report, metric, test, bundle } = finding;
        match asked {
            Asked::Screen(_) => {
                let summary = ScreeningSummary { ticket, judge, verdict, footprint, report, duration_ms };
                self.deliver(ticket, self.supervisor.screened.send(summary), ctx);
            }
            Asked::Verify(_) => {
                let summary =
                    VerificationSummary { ticket, judge, verdict, footprint, metric, test, bundle, duration_ms };
                self.deliver(ticket, self.supervisor.verified.send(summary), ctx);
            }
        }
    }

    fn deliver<E: std::fmt::Display + 'static>(
        &self,
        ticket: Ticket,
        delivered: impl Future<Output = Result<(), E>> + 'static,
        ctx: &mut Context<Self>,
    ) {
        ctx.spawn(delivered.into_actor(self).map(move |sent, _, _| {
            if let Err(error) = sent {
                let Ticket { job, candidate, attempt } = ticket;
                error!(%job, %candidate, %attempt, %error, "the supervisor cannot be told how an evaluation ended");
            }
        }));
    }
}

/// Why an attempt ended without an answer.
const fn unfinished(closing: Closing) -> &'static str {
    match closing {
        Closing::GivenUp(StopCause::Cancellation) => "given up: cancellation",
        Closing::GivenUp(StopCause::Pause) => "given up: pause",
        Closing::GivenUp(StopCause::Success) => "given up: success",
        Closing::GivenUp(StopCause::Exhaustion) => "given up: exhaustion",
        Closing::GivenUp(StopCause::Shutdown) => "given up: shutdown",
        Closing::Overdue => "it took longer than it may",
        Closing::Ended => "its run has come back without an answer",
    }
}

/// What comes of a thread that panicked: the same input would break it down again.
fn broken_down(panic: &(dyn Any + Send)) -> Finding {
    let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    error!(words, "an evaluation has broken down");
    Finding::failed(&format!("AutoMCU itself broke down; please report this: {words}"), false)
}

/// The one place where transitions are told.
fn told(ticket: Ticket, from: &str, to: &str, cause: &str) {
    let Ticket { job, candidate, attempt } = ticket;
    info!(%job, %candidate, %attempt, agent = "evaluation", from, to, cause, "state changed");
}

impl Actor for Evaluation {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }

    /// Nobody hears any more what threads find: they end at their next step.
    fn stopped(&mut self, _: &mut Self::Context) {
        for stop in self.stops.values() {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Handler<ScreenCandidate> for Evaluation {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: ScreenCandidate, ctx: &mut Self::Context) -> Self::Result {
        self.take_in(Asked::Screen(asked), ctx)
    }
}

impl Handler<VerifyCandidate> for Evaluation {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: VerifyCandidate, ctx: &mut Self::Context) -> Self::Result {
        self.take_in(Asked::Verify(asked), ctx)
    }
}

impl Handler<StopAttempt> for Evaluation {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, stop: StopAttempt, ctx: &mut Self::Context) -> Self::Result {
        let decisions = self.desk.stop(stop.ticket, stop.cause, self.now());
        self.carry_out(decisions, None, ctx);
        Ok(())
    }
}
