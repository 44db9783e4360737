//! The actor: writes down what its office decides, then asks the agents. It decides nothing.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, MailboxError, Message, Recipient, ResponseFuture, WrapFuture,
};
use automcu_artifacts::Store;
use automcu_contract::{
    Beat, Brief, CommandJob, ControlError, Drain, JobId, ProposalSummary, Request, RequestError, ScreeningSummary,
    SubmitJob, SupervisorPort, TrainingProgress, TrainingSummary, VerificationSummary,
};
use automcu_history::{AppendError, Event, History, JobState, What};
use tokio::sync::oneshot;
use tracing::{debug, error, info, warn};

use crate::{
    Config, Hands, Told,
    agents::{Agents, Death, MOST_DEATHS},
    job::{Agent, Ask, Job, Order, Turn},
    office::{self, Following, Office, Rules},
};

/// What waits to be taken in; whoever asks more waits himself.
const MAILBOX: usize = 256;
/// So often the office looks at what is due.
const TICK: Duration = Duration::from_millis(100);
/// When the history has no room for an append, it is asked again after so long.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Supervisor {
    office: Office,
    agents: Agents,
    history: Arc<History>,
    store: Store,
    clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    tell: Arc<dyn Fn(Told<'_>) + Send + Sync>,
    /// What is not handed to the history yet, in order.
    unwritten: VecDeque<Batch>,
    /// What is handed to the history, and what came of it: nothing is carried out before what was written earlier.
    being_written: VecDeque<Handed>,
    handed: u64,
    is_waiting: bool,
    /// Why nothing can be written any more.
    ailing: Option<String>,
    /// Who waits for the trainings to end.
    drainers: Vec<oneshot::Sender<()>>,
}

/// What is handed to the history.
struct Handed {
    number: u64,
    batch: Batch,
    /// What came of it, once that is known.
    outcome: Option<Result<(), AppendError>>,
}

/// Events that are written together, and what is done after that.
struct Batch {
    job: JobId,
    turn: Turn,
    /// Who waits for it to be written.
    done: Option<oneshot::Sender<Result<(), ControlError>>>,
}

impl Supervisor {
    pub(crate) fn new(config: Config, hands: Hands, ctx: &mut Context<Self>) -> Self {
        let Hands { history, store, clock, tell, factories } = hands;
        let own = ctx.address();
        let port = SupervisorPort {
            proposed: own.clone().recipient(),
            screened: own.clone().recipient(),
            progressed: own.clone().recipient(),
            trained: own.clone().recipient(),
            verified: own.recipient(),
        };
        let rules = Rules { at_work: config.jobs_at_work, jobs: config.most_jobs };
        let office = Office::new(rules, JobId(0));
        let agents = Agents::new(factories, port);
        Self {
            office,
            agents,
            history,
            store,
            clock,
            tell,
            unwritten: VecDeque::new(),
            being_written: VecDeque::new(),
            handed: 0,
            is_waiting: false,
            ailing: None,
            drainers: Vec::new(),
        }
        .restored(rules)
    }

    /// With the jobs of the history that are not over.
    fn restored(mut self, rules: Rules) -> Self {
        match restored(&self.history, rules) {
            Ok(office) => self.office = office,
            Err(error) => self.ails(&format!("the jobs under way cannot be read: {error}")),
        }
        self
    }

    fn now(&self) -> u64 {
        (self.clock)()
    }

    fn ails(&mut self, why: &str) {
        error!(reason = why, "nothing can be written; jobs stand still until the daemon is started again");
        self.ailing = Some(why.to_owned());
    }

    fn follow(&mut self, following: impl IntoIterator<Item = Following>, ctx: &mut Context<Self>) {
        for (job, turn) in following {
            self.write(job, turn, None, ctx);
        }
    }

    /// Writes events; what is ordered waits until they would survive a power cut.
    fn write(
        &mut self,
        job: JobId,
        turn: Turn,
        done: Option<oneshot::Sender<Result<(), ControlError>>>,
        ctx: &mut Context<Self>,
    ) {
        if turn.events.is_empty() && turn.orders.is_empty() && done.is_none() {
            return;
        }
        self.unwritten.push_back(Batch { job, turn, done });
        self.hand_on(ctx);
    }

    /// Hands what is unwritten to the history, in order, as far as it has room.
    fn hand_on(&mut self, ctx: &mut Context<Self>) {
        while let Some(batch) = self.unwritten.pop_front() {
            if let Some(reason) = &self.ailing {
                let refused = ControlError::NotWritten { reason: Brief::new(reason) };
                let _ = batch.done.map(|done| done.send(Err(refused)));
                continue;
            }
            if batch.turn.events.is_empty() && self.being_written.is_empty() {
                self.carry_out(batch, ctx);
                continue;
            }
            let (sender, written) = oneshot::channel();
            let events: Vec<Event> = batch.turn.events.iter().map(|(_, event)| event.clone()).collect();
            match self.history.append_then(events, move |appended| _ = sender.send(appended)) {
                Ok(()) => self.await_written(written, batch, ctx),
                Err(AppendError::Busy { .. }) => {
                    self.unwritten.push_front(batch);
                    if !std::mem::replace(&mut self.is_waiting, true) {
                        ctx.run_later(AGAIN, |agent, ctx| {
                            agent.is_waiting = false;
                            agent.hand_on(ctx);
                        });
                    }
                    return;
                }
                Err(error) => {
                    self.unwritten.push_front(batch);
                    self.ails(&error.to_string());
                }
            }
        }
    }

    fn await_written(
        &mut self,
        written: oneshot::Receiver<Result<automcu_history::Receipt, AppendError>>,
        batch: Batch,
        ctx: &mut Context<Self>,
    ) {
        self.handed += 1;
        let number = self.handed;
        self.being_written.push_back(Handed { number, batch, outcome: None });
        ctx.spawn(written.into_actor(self).map(move |written, agent, ctx| {
            let outcome = match written {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(AppendError::Gone),
            };
            if let Some(handed) = agent.being_written.iter_mut().find(|handed| handed.number == number) {
                handed.outcome = Some(outcome);
            }
            agent.carry_out_written(ctx);
        }));
    }

    /// Carries out what is written, in order.
    fn carry_out_written(&mut self, ctx: &mut Context<Self>) {
        while self.being_written.front().is_some_and(|handed| handed.outcome.is_some()) {
            let Some(Handed { batch, outcome: Some(outcome), .. }) = self.being_written.pop_front() else { return };
            match outcome {
                Ok(()) => self.carry_out(batch, ctx),
                Err(failure) => {
                    let refused = ControlError::NotWritten { reason: Brief::new(&failure.to_string()) };
                    let _ = batch.done.map(|done| done.send(Err(refused)));
                    if matches!(failure, AppendError::Inconsistent { .. } | AppendError::Unsound { .. }) {
                        self.went_astray(batch.job, &failure.to_string(), ctx);
                    } else {
                        self.ails(&failure.to_string());
                    }
                }
            }
        }
    }

    /// What this holds of a job is not what is written: the job is read anew, and ends. The others go on.
    fn went_astray(&mut self, id: JobId, why: &str, ctx: &mut Context<Self>) {
        error!(job = %id, reason = why, "what was to be written of the job cannot have happened; it ends");
        self.unwritten.retain(|batch| batch.job != id);
        match reread(&self.history, id) {
            Ok(Some(job)) => {
                let turn = self.office.end_astray(job, &format!("the supervisor lost its way: {why}"), self.now());
                self.write(id, turn, None, ctx);
            }
            Ok(None) => self.office.forget(id),
            Err(error) => self.ails(&error.to_string()),
        }
    }

    fn carry_out(&mut self, batch: Batch, ctx: &mut Context<Self>) {
        for (n, event) in &batch.turn.events {
            told(event);
            (self.tell)(Told::Recorded(*n, event));
        }
        let _ = batch.done.map(|done| done.send(Ok(())));
        for order in batch.turn.orders {
            self.order(batch.job, order, ctx);
        }
        if self.office.is_drained() {
            for drainer in self.drainers.drain(..) {
                let _ = drainer.send(());
            }
        }
    }

    fn order(&mut self, job: JobId, order: Order, ctx: &mut Context<Self>) {
        match order {
            Order::Keep(document) => {
                if let Err(error) = self.store.put(&document) {
                    self.ails(&error.to_string());
                }
            }
            Order::Propose(asked) => {
                let ask = Ask::Propose(asked.round);
                Self::ask(&self.agents.proposal.propose.clone(), asked, job, ask, ctx);
            }
            Order::Screen(asked) => {
                let ask = Ask::Screen(asked.ticket.candidate);
                Self::ask(&self.agents.evaluation.screen.clone(), asked, job, ask, ctx);
            }
            Order::Train(asked) => {
                let ask = Ask::Train(asked.ticket.candidate, asked.ticket.attempt);
                Self::ask(&self.agents.training.train.clone(), asked, job, ask, ctx);
            }
            Order::Verify(asked) => {
                let ask = Ask::Verify(asked.ticket.candidate, asked.ticket.attempt, asked.proof);
                Self::ask(&self.agents.evaluation.verify.clone(), asked, job, ask, ctx);
            }
            // Whoever does not hear it has nothing to stop.
            Order::StopTraining(stop) => Self::say(&self.agents.training.stop, stop, ctx),
            Order::StopEvaluation(stop) => Self::say(&self.agents.evaluation.stop, stop, ctx),
        }
    }

    fn ask<R>(agent: &Recipient<R>, request: R, job: JobId, ask: Ask, ctx: &mut Context<Self>)
    where
        R: Request + Message<Result = Result<(), RequestError>>,
    {
        let sent = agent.send(request);
        ctx.spawn(actix::fut::wrap_future::<_, Self>(sent).map(move |answer, supervisor, ctx| match answer {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => {
                debug!(%job, agent = ask.agent().name(), %refusal, "asked again later");
                supervisor.office.put_off(job, ask);
            }
            Err(MailboxError::Timeout) => supervisor.office.put_off(job, ask),
            Err(MailboxError::Closed) => supervisor.died(ask.agent(), ctx),
        }));
    }

    fn say<R>(agent: &Recipient<R>, request: R, ctx: &mut Context<Self>)
    where
        R: Request + Message<Result = Result<(), RequestError>>,
    {
        let sent = agent.send(request);
        ctx.spawn(actix::fut::wrap_future::<_, Self>(sent).map(|_, _, _| ()));
    }

    fn died(&mut self, agent: Agent, ctx: &mut Context<Self>) {
        let now = self.now();
        let following = match self.agents.died(agent, now) {
            // What was asked of it after its death is lost as well.
            Death::Known => Vec::new(),
            Death::Noted => {
                warn!(agent = agent.name(), "an agent has died; it is made anew");
                self.office.agent_died(agent, now)
            }
            Death::OnceTooOften => {
                error!(agent = agent.name(), times = MOST_DEATHS + 1, "an agent has died too often; jobs end");
                let mut following = self.office.agent_died(agent, now);
                let cause = format!("the {} agent died {} times", agent.name(), MOST_DEATHS + 1);
                following.extend(self.office.fail_all(&cause, now));
                following
            }
        };
        self.follow(following, ctx);
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        if self.ailing.is_some() {
            return;
        }
        let now = self.now();
        for agent in self.agents.newly_dead() {
            self.died(agent, ctx);
        }
        for agent in self.agents.revive(now) {
            info!(agent = agent.name(), from = "Dead", to = "Ready", cause = "made anew", "state changed");
            // What was asked of it while it was dead was heard by nobody.
            let following = self.office.agent_died(agent, now);
            self.follow(following, ctx);
        }
        let following = self.office.tick(now);
        self.follow(following, ctx);
    }
}

/// The jobs that are not over, as they were.
fn restored(history: &History, rules: Rules) -> Result<Office, automcu_history::HistoryError> {
    let mut office = Office::new(rules, history.next_job()?);
    let mut after = None;
    let mut running = Vec::new();
    loop {
        let page = history.running(after.as_ref(), automcu_history::PAGE)?;
        running.extend(page.items.iter().map(|job| job.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for id in running {
        match reread(history, id)? {
            Some(job) => office.restore(job),
            None => error!(job = %id, "its plan cannot be read; it stays as it is"),
        }
    }
    Ok(office)
}

/// A job as its events make it; none where its plan cannot be read.
fn reread(history: &History, id: JobId) -> Result<Option<Job>, automcu_history::HistoryError> {
    let mut job = None;
    history.events_of([id], |n, event| {
        if job.is_none() {
            job = office::submitted(id, &event.what);
        }
        if let Some(job) = &mut job {
            job.replay(n, &event);
        }
    })?;
    Ok(job)
}

/// The one place where transitions are told.
fn told(event: &Event) {
    let job = event.job;
    match &event.what {
        What::JobSubmitted { dataset, .. } => {
            info!(%job, agent = "supervisor", from = "None", to = "Queued", cause = "submitted", dataset, "state changed");
        }
        What::JobStateChanged { from, to, cause } => {
            let (from, to) = (name(*from), name(*to));
            info!(%job, agent = "supervisor", from, to, cause, "state changed");
        }
        What::CandidateProposed { candidate, rationale, .. } => {
            info!(%job, %candidate, agent = "supervisor", from = "None", to = "Proposed", cause = rationale, "state changed");
        }
        What::CandidateScreened { candidate, judge, verdict, .. } => {
            let (to, cause) = screened(verdict, judge);
            info!(%job, %candidate, agent = "supervisor", from = "Proposed", to, cause, "state changed");
        }
        What::TrainingStarted { candidate, attempt, rung, .. } => {
            let cause = format!("rung {rung}");
            info!(%job, %candidate, %attempt, agent = "supervisor", from = "Screened", to = "Training", cause, "state changed");
        }
        What::TrainingEnded { candidate, attempt, end, metric, .. } => {
            let accuracy = metric.map(|metric| metric.value);
            let cause = format!("{end:?}");
            info!(%job, %candidate, %attempt, agent = "supervisor", from = "Training", to = "Trained", cause, accuracy, "state changed");
        }
        What::CandidateVerified { candidate, verdict, metric, as_winner, .. } => {
            let accuracy = metric.map(|metric| metric.value);
            let (_, cause) = screened(verdict, if *as_winner { "proven" } else { "int8" });
            info!(%job, %candidate, agent = "supervisor", from = "Trained", to = "Verified", cause, accuracy, "state changed");
        }
        What::WinnerChosen { candidate, reason } => {
            info!(%job, %candidate, agent = "supervisor", from = "Verified", to = "Chosen", cause = reason, "state changed");
        }
        other => debug!(%job, event = ?other, "recorded"),
    }
}

fn screened(verdict: &automcu_history::Verdict, judge: &str) -> (&'static str, String) {
    use automcu_history::Verdict;
    match verdict {
        Verdict::Fits => ("Screened", format!("{judge}: it fits")),
        Verdict::OverBudget { reason } | Verdict::Unsupported { reason } => ("Refused", format!("{judge}: {reason}")),
        Verdict::ToolFailed { reason, .. } => ("Failed", format!("{judge}: {reason}")),
        Verdict::Unknown => ("Refused", format!("{judge}: nobody could tell")),
    }
}

const fn name(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Queued",
        JobState::Proposing => "Proposing",
        JobState::Screening => "Screening",
        JobState::Training => "Training",
        JobState::Verifying => "Verifying",
        JobState::Refining => "Refining",
        JobState::Paused => "Paused",
        JobState::Finished => "Finished",
        JobState::Failed => "Failed",
        JobState::Cancelled => "Cancelled",
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        if self.ailing.is_none() {
            let following = self.office.take_up(self.now());
            self.follow(following, ctx);
        }
        ctx.run_interval(TICK, Self::tick);
    }
}

impl Handler<SubmitJob> for Supervisor {
    type Result = ResponseFuture<Result<JobId, ControlError>>;

    fn handle(&mut self, asked: SubmitJob, ctx: &mut Self::Context) -> Self::Result {
        let plan = self.store.get(asked.plan);
        let plan = plan.map_err(|error| ControlError::Unusable { reason: Brief::new(&error.to_string()) });
        let taken = plan.and_then(|plan| self.office.submit(&plan, self.now()));
        match taken {
            Err(error) => Box::pin(std::future::ready(Err(error))),
            Ok((job, None)) => Box::pin(std::future::ready(Ok(job))),
            Ok((job, Some(turn))) => {
                let (done, written) = oneshot::channel();
                self.write(job, turn, Some(done), ctx);
                Box::pin(async move { written.await.unwrap_or(Err(ControlError::Ending)).map(|()| job) })
            }
        }
    }
}

impl Handler<CommandJob> for Supervisor {
    type Result = ResponseFuture<Result<(), ControlError>>;

    fn handle(&mut self, asked: CommandJob, ctx: &mut Self::Context) -> Self::Result {
        match self.office.command(asked.job, asked.command, self.now()) {
            Err(error) => Box::pin(std::future::ready(Err(error))),
            Ok(turn) => {
                let (done, written) = oneshot::channel();
                self.write(asked.job, turn, Some(done), ctx);
                Box::pin(async move { written.await.unwrap_or(Err(ControlError::Ending)) })
            }
        }
    }
}

impl Handler<Drain> for Supervisor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) -> Self::Result {
        let (done, drained) = oneshot::channel();
        self.drainers.push(done);
        let following = self.office.drain();
        self.follow(following, ctx);
        if self.office.is_drained() || self.ailing.is_some() {
            self.drainers.drain(..).for_each(|drainer| _ = drainer.send(()));
        }
        Box::pin(async move { _ = drained.await })
    }
}

impl Handler<Beat> for Supervisor {
    type Result = Result<(), Brief>;

    fn handle(&mut self, _: Beat, _: &mut Self::Context) -> Self::Result {
        self.ailing.as_deref().map_or(Ok(()), |why| Err(Brief::new(why)))
    }
}

impl Handler<ProposalSummary> for Supervisor {
    type Result = ();

    fn handle(&mut self, answer: ProposalSummary, ctx: &mut Self::Context) {
        let following = self.office.proposed(answer, self.now());
        self.follow(following, ctx);
    }
}

impl Handler<ScreeningSummary> for Supervisor {
    type Result = ();

    fn handle(&mut self, answer: ScreeningSummary, ctx: &mut Self::Context) {
        let following = self.office.screened(&answer, self.now());
        self.follow(following, ctx);
    }
}

impl Handler<TrainingProgress> for Supervisor {
    type Result = ();

    fn handle(&mut self, progress: TrainingProgress, _: &mut Self::Context) {
        if self.office.progressed(progress.ticket) {
            (self.tell)(Told::Progressed(&progress));
        }
    }
}

impl Handler<TrainingSummary> for Supervisor {
    type Result = ();

    fn handle(&mut self, answer: TrainingSummary, ctx: &mut Self::Context) {
        let following = self.office.trained(&answer, self.now());
        self.follow(following, ctx);
    }
}

impl Handler<VerificationSummary> for Supervisor {
    type Result = ();

    fn handle(&mut self, answer: VerificationSummary, ctx: &mut Self::Context) {
        let following = self.office.verified(&answer, self.now());
        self.follow(following, ctx);
    }
}
