use std::sync::Barrier;

use crate::test_support::{change, insert_run, workspace};
use crate::{Error, MetricPoint, RunFilter, Workspace};

/// Threads that write at once: some fail, and only those lose what they wrote.
#[test]
fn one_that_fails_takes_nothing_of_the_others_with_it() {
    let (dir, workspace) = workspace();
    let other = Workspace::open(dir.path()).unwrap();
    let run = insert_run(&workspace, "a");
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8_i64 {
            let (workspace, run, barrier) = (if thread == 7 { &other } else { &workspace }, run.clone(), &barrier);
            scope.spawn(move || {
                barrier.wait();
                for step in 0..40 {
                    let run = run.clone();
                    let point = MetricPoint { key: format!("m{thread}"), value: 1.0, timestamp_ms: 1, step };
                    let fails = (thread + step) % 4 == 0;
                    let result = workspace.batch_grouped("run.metrics", &run.clone(), move |batch| {
                        batch.log_metrics(&run, &[point])?;
                        if fails { Err(Error::Invalid("no".into())) } else { Ok(step) }
                    });
                    match result {
                        Ok(value) => assert!(!fails && value == step),
                        Err(error) => assert!(fails && error.to_string() == "no", "{error}"),
                    }
                }
            });
        }
    });
    for thread in 0..8 {
        let steps: Vec<i64> =
            workspace.metric_history(&run, &format!("m{thread}")).unwrap().iter().map(|p| p.step).collect();
        let expected: Vec<i64> = (0..40).filter(|step| (thread + step) % 4 != 0).collect();
        assert_eq!(steps, expected);
    }
    assert!(workspace.events_since(0, 1000).unwrap().iter().any(|event| event.kind == "run.metrics"));
}

#[test]
fn a_grouped_change_leaves_its_audit_entry_and_event() {
    let (_dir, workspace) = workspace();
    let id = workspace.write_grouped(change(), |tx| tx.insert_run(&crate::test_support::new_run("a"))).unwrap();
    assert_eq!(workspace.runs(&RunFilter::default()).unwrap().runs[0].id, id);
    assert_eq!(workspace.audit(None, None, 9).unwrap().len(), 1);
    assert_eq!(workspace.events_since(0, 9).unwrap().len(), 1);
    let lost = workspace.write_grouped(change(), |tx| {
        tx.insert_run(&crate::test_support::new_run("b"))?;
        Err::<(), _>(Error::Invalid("Changed my mind.".into()))
    });
    assert_eq!(lost.unwrap_err().to_string(), "Changed my mind.");
    assert_eq!(workspace.runs(&RunFilter::default()).unwrap().total, 1);
    assert_eq!(workspace.audit(None, None, 9).unwrap().len(), 1);
}

#[test]
fn a_panic_is_an_error_for_its_own_thread_alone() {
    let (_dir, workspace) = workspace();
    std::thread::scope(|scope| {
        for index in 0..6 {
            let workspace = &workspace;
            scope.spawn(move || {
                for _ in 0..20 {
                    let result = workspace.batch_grouped("t", &index.to_string(), move |_| {
                        if index == 0 { panic!("on purpose") } else { Ok(()) }
                    });
                    assert_eq!(result.is_ok(), index != 0);
                }
            });
        }
    });
    workspace.batch_grouped("t", "t", |_| Ok(())).unwrap();
    assert!(workspace.events_since(0, 1000).unwrap().iter().all(|event| event.subject != "0"));
}
