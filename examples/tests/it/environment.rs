//! What tells one deployment from another, asked of a real database.

use spec_examples::database::PostgresUrl;
use spec_examples::environment::Deployment;
use sqlx::{AssertSqlSafe, PgPool};

async fn deployment(url: &str) -> Deployment {
    let url: PostgresUrl = url.parse().unwrap();
    Deployment::in_database(&url).await.unwrap()
}

#[tokio::test]
async fn a_database_is_the_same_one_by_whatever_name_and_for_whatever_user() {
    let database = spec_test_postgres::database().await;
    let url = database.url();
    let here = deployment(url).await;
    let otherwise = url.replace("127.0.0.1", "localhost");
    assert_eq!(deployment(&otherwise).await, here);

    let pool: PgPool = database.pool();
    let name = format!("plain_{}", std::process::id());
    let create = format!("CREATE ROLE {name} LOGIN PASSWORD 'plain'");
    let created = sqlx::raw_sql(AssertSqlSafe(create)).execute(&pool).await;
    if let Err(error) = created {
        println!("NOT RUN: this server makes no users for tests: {error}");
        return;
    }
    let (_, place) = url.split_once('@').unwrap();
    let plain = format!("postgres://{name}:plain@{place}").parse::<PostgresUrl>();
    let told = Deployment::in_database(&plain.unwrap()).await;
    let drop = sqlx::raw_sql(AssertSqlSafe(format!("DROP ROLE {name}")));
    drop.execute(&pool).await.unwrap();
    assert_eq!(told.unwrap(), here, "whoever asks");
}

#[tokio::test]
async fn two_databases_of_one_server_are_two_deployments() {
    let (one, two) = (
        spec_test_postgres::database().await,
        spec_test_postgres::database().await,
    );
    assert_ne!(deployment(one.url()).await, deployment(two.url()).await);
}
