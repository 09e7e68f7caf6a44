//! Models that do well.

use spec_core::Phase;
use spec_tests::model::Script;

use super::stage::{Program, Stage, assert_completed, attempts, policy};

#[tokio::test]
async fn all_phases_are_done_with_one_attempt_each_and_every_token_is_counted() {
    for program in Program::ALL {
        let stage = Stage::new(Script::good()).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        for phase in [
            Phase::Explore,
            Phase::Requirements,
            Phase::Design,
            Phase::Tasks,
        ] {
            assert_eq!(attempts(&spec, phase), [(program, 0, None)]);
        }
        stage.check_account(&spec).await;
    }
}
