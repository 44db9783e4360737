//! An agent is reached through its port alone, and answers to the supervisor's.

use actix::{Actor, Context, Handler, Recipient};
use automcu_contract::*;

/// An agent that takes one request at a time.
struct Trainer {
    busy: bool,
    outcome: Recipient<TrainingProgress>,
}

impl Actor for Trainer {
    type Context = Context<Self>;
}

impl Handler<TrainCandidate> for Trainer {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, request: TrainCandidate, _: &mut Self::Context) -> Self::Result {
        if std::mem::replace(&mut self.busy, true) {
            return Err(RequestError::Busy { waiting: 1 });
        }
        let progress = TrainingProgress {
            ticket: request.ticket,
            epochs: 1,
            done: Share::new(0.5).expect("a share"),
            metric: None,
        };
        self.outcome.try_send(progress).map_err(|_| RequestError::Ending)
    }
}

impl Handler<StopAttempt> for Trainer {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, _: StopAttempt, _: &mut Self::Context) -> Self::Result {
        self.busy = false;
        Ok(())
    }
}

struct Witness(Vec<TrainingProgress>);

impl Actor for Witness {
    type Context = Context<Self>;
}

impl Handler<TrainingProgress> for Witness {
    type Result = ();

    fn handle(&mut self, progress: TrainingProgress, _: &mut Self::Context) {
        self.0.push(progress);
    }
}

#[derive(actix::Message)]
#[rtype(result = "Vec<TrainingProgress>")]
struct Seen;

impl Handler<Seen> for Witness {
    type Result = Vec<TrainingProgress>;

    fn handle(&mut self, _: Seen, _: &mut Self::Context) -> Vec<TrainingProgress> {
        self.0.clone()
    }
}

#[actix::test]
async fn a_request_is_accepted_or_refused_at_once_and_its_outcome_comes_by_message() {
    let witness = Witness(Vec::new()).start();
    let trainer = Trainer { busy: false, outcome: witness.clone().recipient() }.start();
    let port = TrainingPort { train: trainer.clone().recipient(), stop: trainer.recipient() };
    let ticket = Ticket { job: JobId(1), candidate: CandidateId(1), attempt: AttemptId(1) };
    let file = ArtifactId::of(b"spec");
    let request = TrainCandidate { ticket, spec: file, conditions: file, seed: 1, beginning: Beginning::Fresh };
    assert_eq!(port.train.send(request.clone()).await, Ok(Ok(())));
    assert_eq!(port.train.send(request.clone()).await, Ok(Err(RequestError::Busy { waiting: 1 })));
    let seen = witness.send(Seen).await.expect("alive");
    assert_eq!(seen.iter().map(|progress| progress.ticket).collect::<Vec<_>>(), [ticket]);
    assert_eq!(port.stop.send(StopAttempt { ticket, cause: StopCause::Pause }).await, Ok(Ok(())));
    assert_eq!(port.train.send(request).await, Ok(Ok(())));
}
