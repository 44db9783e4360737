//! The actor: takes requests in, has them worked at beside its arbiter, and reports. It decides nothing.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use automcu_contract::{
    Brief, Few, JobId, ProposalSummary, ProposeCandidates, RequestError, Shortfall, SupervisorPort,
};
use tokio::task::{JoinError, spawn_blocking};
use tracing::{error, info, info_span};

use crate::{
    Config, Hands,
    line::{Line, Taken},
    mind::Mind,
    minds::Minds,
    trouble::Trouble,
};

/// What waits to be taken in; whoever asks more waits himself.
const MAILBOX: usize = 64;

pub(crate) struct Proposal {
    line: Line,
    minds: Minds,
    hands: Hands,
    supervisor: SupervisorPort,
    /// Told to whoever works for an agent that is no more.
    ends: Arc<AtomicBool>,
}

/// What came of a request, and what is known of the job from now on.
type Worked = (Option<Mind>, Result<ProposalSummary, Trouble>);

impl Proposal {
    pub(crate) fn new(config: Config, hands: Hands, supervisor: SupervisorPort) -> Self {
        let Config { most_waiting, most_jobs, at_once } = config;
        Self {
            line: Line::new(most_waiting, at_once),
            minds: Minds::new(most_jobs),
            hands,
            supervisor,
            ends: Arc::default(),
        }
    }

    /// Begins to work at the next requests, as far as there is room.
    fn go_on(&mut self, ctx: &mut Context<Self>) {
        while let Some(asked) = self.line.begin() {
            told(asked.job, asked.round, "Queued", "Planning", "its turn");
            let (mind, hands, ends) = (self.minds.take(asked.job), self.hands.clone(), Arc::clone(&self.ends));
            let (job, round) = (asked.job, asked.round);
            let span = info_span!("round", %job, round);
            let work = spawn_blocking(move || span.in_scope(|| work(mind, &asked, &hands, &ends)));
            ctx.spawn(work.into_actor(self).map(move |worked, agent, ctx| agent.worked(job, round, worked, ctx)));
        }
    }

    fn worked(&mut self, job: JobId, round: u32, worked: Result<Worked, JoinError>, ctx: &mut Context<Self>) {
        self.line.end(job);
        let failed = |shortfall| ProposalSummary {
            job,
            round,
            candidates: Few::default(),
            refused: 0,
            shortfall: Some(shortfall),
            spent: None,
            remarks: Few::default(),
        };
        let summary = match worked {
            Ok((mind, answer)) => {
                mind.into_iter().for_each(|mind| self.minds.put(job, mind));
                answer.unwrap_or_else(|trouble| failed(trouble.shortfall()))
            }
            // What is known of the job is lost with it. Its messages tell all of it again.
            Err(lost) => failed(panicked(lost)),
        };
        told(job, round, "Planning", "Answered", &cause(&summary));
        self.report(summary, ctx);
        self.go_on(ctx);
    }

    fn report(&mut self, summary: ProposalSummary, ctx: &mut Context<Self>) {
        let (job, round) = (summary.job, summary.round);
        let delivered = self.supervisor.proposed.send(summary);
        ctx.spawn(delivered.into_actor(self).map(move |sent, _, _| {
            if let Err(error) = sent {
                error!(%job, round, %error, "the supervisor cannot be told what to try next");
            }
        }));
    }
}

/// Works at a request: with what is kept of the job where that is about the same, otherwise from its messages alone.
fn work(mind: Option<Mind>, asked: &ProposeCandidates, hands: &Hands, ends: &AtomicBool) -> Worked {
    let kept = mind.filter(|mind| mind.knows(asked));
    let mut mind = match kept.map_or_else(|| Mind::of(asked, hands), Ok) {
        Ok(mind) => mind,
        Err(trouble) => return (None, Err(trouble)),
    };
    let answer = mind.answer(asked, hands, &|| ends.load(Ordering::Relaxed));
    (Some(mind), answer)
}

/// Planning depends on its request alone, so the same panic would come again.
fn panicked(lost: JoinError) -> Shortfall {
    let said = lost.try_into_panic().map_or_else(|lost| lost.to_string(), |panic| words(panic.as_ref()));
    Shortfall::Failed { reason: Brief::new(&format!("a panic: {said}")), is_transient: false }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

fn cause(summary: &ProposalSummary) -> String {
    let count = summary.candidates.as_slice().len();
    match &summary.shortfall {
        None => format!("{count} candidates"),
        Some(
            Shortfall::NothingFits { reason } | Shortfall::Exhausted { reason } | Shortfall::Failed { reason, .. },
        ) => format!("{count} candidates; {reason}"),
    }
}

/// The one place where transitions are told.
fn told(job: JobId, round: u32, from: &str, to: &str, cause: &str) {
    info!(%job, round, agent = "proposal", from, to, cause, "state changed");
}

impl Actor for Proposal {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Drop for Proposal {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

impl Handler<ProposeCandidates> for Proposal {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, asked: ProposeCandidates, ctx: &mut Self::Context) -> Self::Result {
        let (job, round) = (asked.job, asked.round);
        match self.line.ask(asked)? {
            Taken::New => told(job, round, "Asked", "Queued", "asked for"),
            Taken::Known => {}
            Taken::InsteadOf(before) => {
                told(job, before.round, "Queued", "Dropped", "the job asks for something else");
                told(job, round, "Asked", "Queued", "asked for");
            }
        }
        self.go_on(ctx);
        Ok(())
    }
}
