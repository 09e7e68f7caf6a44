//! The report over small specs and random graphs.

use proptest::prelude::*;

use super::*;
use crate::testing::fixture;

fn texts(ids: &[TaskId]) -> Vec<&str> {
    ids.iter().map(TaskId::as_str).collect()
}

#[test]
fn the_fixture_is_ready_and_its_order_is_computed() {
    let sync = sync_report("search-history", &fixture::outputs(), None);
    assert!(sync.ready_for_execution, "{:?}", sync.blockers);
    let analysis = &sync.dependency_analysis;
    let waves: Vec<_> = analysis.waves.iter().map(|wave| texts(wave)).collect();
    assert_eq!(
        waves,
        [vec!["TSK-001"], vec!["TSK-002", "TSK-003"], vec!["TSK-004"]]
    );
    assert_eq!(
        texts(&analysis.critical_path),
        ["TSK-001", "TSK-003", "TSK-004"]
    );
    assert!((analysis.critical_path_hours - 5.5).abs() < 1e-9);
    assert!((sync.spec_summary.total_estimated_hours - 7.0).abs() < 1e-9);
    assert!((sync.spec_summary.requirement_coverage_percent - 100.0).abs() < 1e-9);
    assert_eq!(sync.spec_summary.files_to_modify, 2);
    assert_eq!(sync.traceability_stats.dependencies, 3);
    assert_eq!(sync.coverage_matrix.len(), 4);
    assert_eq!(
        sync.coverage_matrix[1].covered_by_components,
        ["History", "Entry point"]
    );
}

#[test]
fn tasks_of_one_wave_that_change_one_file_are_pointed_out() {
    let sync = sync_report("search-history", &fixture::outputs(), None);
    let advice = "Wave 2: do TSK-002, TSK-003 one after the other; all change src/main.rs.";
    assert!(
        sync.recommendations.iter().any(|line| line == advice),
        "{sync:?}"
    );
}

#[test]
fn a_cycle_blocks_and_leaves_its_tasks_out_of_the_waves() {
    let mut outputs = fixture::outputs();
    let second = outputs.tasks.tasks[1].id.clone();
    outputs.tasks.tasks[0].dependencies.depends_on.push(second);
    let sync = sync_report("x", &outputs, None);
    assert!(!sync.ready_for_execution);
    assert!(!sync.validation_results.no_circular_dependencies);
    assert!(!sync.validation_results.dependency_order_valid);
    assert!(
        sync.blockers[0].contains("TSK-001 → TSK-002 → TSK-001"),
        "{:?}",
        sync.blockers
    );
    assert!(sync.dependency_analysis.waves.is_empty());
    assert!(sync.dependency_analysis.critical_path.is_empty());
}

#[test]
fn a_requirement_without_a_task_is_partially_covered() {
    let mut outputs = fixture::outputs();
    outputs.tasks.tasks[1].requirements_addressed.pop();
    let sync = sync_report("x", &outputs, None);
    assert_eq!(sync.coverage_matrix[2].status, Coverage::PartiallyCovered);
    assert!(!sync.validation_results.all_requirements_covered);
    assert!((sync.spec_summary.requirement_coverage_percent - 75.0).abs() < 1e-9);
    assert!(!sync.ready_for_execution);
}

#[test]
fn hours_that_are_no_positive_number_count_by_the_estimate() {
    let mut outputs = fixture::outputs();
    for (task, hours) in outputs
        .tasks
        .tasks
        .iter_mut()
        .zip([f64::NAN, -1.0, f64::INFINITY, 0.0])
    {
        task.estimated_hours = hours;
    }
    let sync = sync_report("x", &outputs, None);
    assert!((sync.spec_summary.total_estimated_hours - 10.0).abs() < 1e-9);
}

#[test]
fn hours_beyond_all_measure_still_make_a_document() {
    let mut outputs = fixture::outputs();
    for task in &mut outputs.tasks.tasks {
        task.estimated_hours = f64::MAX;
    }
    let document = serde_json::to_value(sync_report("x", &outputs, None)).unwrap();
    assert!(check::check(Phase::Sync, &document, &Earlier::default()).is_accepted());
}

proptest! {
    #[test]
    fn any_dependencies_are_ordered_as_far_as_they_can_be(
        edges in proptest::collection::vec((0..4usize, 0..4usize), 0..8),
    ) {
        let mut outputs = fixture::outputs();
        let ids: Vec<TaskId> = outputs.tasks.tasks.iter().map(|task| task.id.clone()).collect();
        for (task, other) in edges {
            outputs.tasks.tasks[task].dependencies.depends_on.push(ids[other].clone());
        }
        let sync = sync_report("x", &outputs, None);
        let analysis = &sync.dependency_analysis;
        let mut done = BTreeSet::new();
        for wave in &analysis.waves {
            for task in wave {
                prop_assert!(analysis.task_dependency_graph[task].iter().all(|id| done.contains(id)));
            }
            done.extend(wave.iter().cloned());
        }
        prop_assert_eq!(
            done.len() == ids.len(),
            !sync.blockers.iter().any(|line| line.contains("graph.cycle"))
        );
    }
}
