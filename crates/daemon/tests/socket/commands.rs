//! What users want done.

use automcu_api::{Adjustment, ClientError, Goal, JobFile, JobId, Problem, ProblemKind, Span};
use automcu_contract::{Brief, Command, CommandJob, ControlError, JobPlan, Share};
use automcu_daemon::http::{Gate, Hub};
use automcu_history::{JobState, What};
use automcu_model::JobId as Job;

use crate::support::World;

fn job() -> JobFile {
    JobFile { target: Some("RP2040".into()), ..JobFile::new("synthetic") }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Refused(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[actix::test]
async fn a_job_is_shown_before_it_is_taken() {
    let world = World::new();
    let client = world.client();
    let shown = client.resolve(&job()).await.expect("a plan");
    assert_eq!((shown.assumed, shown.classes), (vec!["8 candidates".to_owned()], 10));
    assert!(world.supervisor.submitted.lock().expect("whole").is_empty(), "nothing is submitted by that");

    let submitted = client.submit(&job(), Some("key-1")).await.expect("taken");
    assert_eq!(submitted.job, JobId(1));
    let asked = world.supervisor.submitted.lock().expect("whole").pop().expect("asked");
    let plan: JobPlan = serde_json::from_slice(&world.store.get(asked.plan).expect("kept")).expect("a plan");
    assert_eq!(plan.key.as_deref(), Some("key-1"));
    assert_eq!((plan.target.as_deref(), plan.dataset.as_str()), (Some("RP2040"), "synthetic"));
}

#[actix::test]
async fn a_job_file_may_be_toml() {
    let world = World::new();
    let text = "data = \"signals\"\ntarget = \"RP2040\"\n";
    let (status, head, body) = world.asked("POST /v1/jobs", "content-type: application/toml\r\n", text).await;
    assert_eq!((status, body.as_str()), (201, r#"{"job":"j1"}"#));
    assert!(head.contains("\r\nlocation: /v1/jobs/j1\r\n") && head.contains("\r\nautomcu-protocol: 1"), "{head}");
}

#[actix::test]
async fn a_job_that_cannot_be_is_refused_by_its_field() {
    let world = World::new();
    let client = world.client();
    let problem = refused(client.submit(&JobFile { target: Some("none".into()), ..job() }, None).await);
    assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::JobRefused, Some("target")));
    let problem = refused(client.submit(&JobFile::new("synthetic"), None).await);
    assert_eq!((problem.status, problem.field.as_deref()), (422, Some("budget")));
    assert!(problem.detail.starts_with("the job file: budget: missing, and no target is named"), "{problem}");
    for (refusal, kind, detail) in [
        (ControlError::Full { jobs: 64 }, ProblemKind::Full, "64 jobs are under way or wait"),
        (ControlError::Ending, ProblemKind::Unavailable, "the daemon is ending"),
        (ControlError::Unusable { reason: Brief::new("no") }, ProblemKind::JobRefused, "the job cannot be taken: no"),
    ] {
        *world.supervisor.refuses.lock().expect("whole") = Some(refusal);
        let problem = refused(client.submit(&job(), None).await);
        assert_eq!(problem.kind, kind);
        assert!(problem.detail.starts_with(detail), "{problem}");
    }
}

#[actix::test]
async fn commands_go_to_the_supervisor() {
    let world = World::new();
    let client = world.client();
    client.cancel(JobId(3)).await.expect("done");
    client.pause(JobId(3)).await.expect("done");
    client.resume(JobId(3)).await.expect("done");
    let all =
        Adjustment { priority: Some(-5), time: Some(Span::new(60)), candidates: Some(9), goal: Some(Goal::new(0.9)) };
    client.adjust(JobId(3), &all).await.expect("done");
    client.adjust(JobId(3), &Adjustment { time: Some(None), goal: Some(None), ..all }).await.expect("done");
    let asked = automcu_contract::Adjustment {
        priority: Some(-5),
        time_s: Some(Some(60)),
        candidates: Some(9),
        goal: Some(Share::new(0.9)),
    };
    let commands = |commands: &[CommandJob]| {
        assert!(commands.iter().all(|asked| asked.job == Job(3)));
        commands.iter().map(|asked| asked.command).collect::<Vec<_>>()
    };
    assert_eq!(
        commands(&world.supervisor.commanded.lock().expect("whole")),
        [
            Command::Cancel,
            Command::Pause,
            Command::Resume,
            Command::Adjust(asked),
            Command::Adjust(automcu_contract::Adjustment { time_s: Some(None), goal: Some(None), ..asked }),
        ]
    );
}

#[actix::test]
async fn what_is_over_or_was_never_there_is_told_apart() {
    let world = World::new();
    world.submitted(1);
    let change = What::JobStateChanged { from: JobState::Queued, to: JobState::Finished, cause: "goal".into() };
    world.happens(1, change);
    let refuses = |error| *world.supervisor.refuses.lock().expect("whole") = Some(error);
    refuses(ControlError::NotUnderWay { job: Job(1) });
    let client = world.client();
    let problem = refused(client.cancel(JobId(1)).await);
    assert_eq!((problem.status, problem.detail.as_str()), (409, "j1 is finished, and nothing changes that"));
    let problem = refused(client.cancel(JobId(7)).await);
    assert_eq!((problem.status, problem.detail.as_str()), (404, "there is no j7 in the history"));
    let (state, wanted) = (Brief::new("queued"), Brief::new("resumed"));
    refuses(ControlError::Meaningless { job: Job(1), state, wanted });
    let problem = refused(client.resume(JobId(1)).await);
    assert_eq!((problem.status, problem.detail.as_str()), (409, "j1 is queued; that cannot be resumed"));
}

#[actix::test]
async fn who_may_only_look_commands_nothing() {
    // No user has this number.
    let world = World::with(Gate::Users(vec![u32::MAX - 1]), Hub::default());
    let client = world.client();
    world.submitted(1);
    assert!(client.job(JobId(1)).await.is_ok());
    let level = automcu_api::LogLevel { level: "debug".into() };
    for problem in [
        refused(client.submit(&job(), None).await),
        refused(client.resolve(&job()).await),
        refused(client.cancel(JobId(1)).await),
        refused(client.adjust(JobId(1), &Adjustment { priority: Some(1), ..Adjustment::default() }).await),
        refused(client.set_log_level(&level).await),
    ] {
        assert_eq!((problem.kind, problem.status), (ProblemKind::NotAllowed, 403));
        assert!(problem.detail.contains(" may look, but not command this daemon; ask its owner"), "{problem}");
    }
    assert!(world.supervisor.commanded.lock().expect("whole").is_empty());
}
