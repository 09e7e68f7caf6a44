//! Frameworks in use, told from dependencies.

use spec_core::artifact::Evidence;

use super::manifests::{Ecosystem, Manifest};
use super::scan::Repository;

/// What a framework makes of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    WebServer,
    WebPage,
    CommandLine,
    Database,
    Testing,
    Runtime,
}

impl Role {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::WebServer => "serves HTTP",
            Self::WebPage => "renders pages in a browser",
            Self::CommandLine => "parses the command line",
            Self::Database => "talks to a database",
            Self::Testing => "runs the tests",
            Self::Runtime => "is a foundation of the code",
        }
    }
}

/// A framework with the line of the build file that names it.
#[derive(Debug, Clone)]
pub(crate) struct Framework {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) evidence: Evidence,
}

/// Ecosystem, dependency (a trailing `/` stands for any module below it), name for people, role.
const KNOWN: &[(Ecosystem, &str, &str, Role)] = &[
    (Ecosystem::Cargo, "axum", "axum", Role::WebServer),
    (Ecosystem::Cargo, "actix-web", "Actix Web", Role::WebServer),
    (Ecosystem::Cargo, "rocket", "Rocket", Role::WebServer),
    (Ecosystem::Cargo, "warp", "warp", Role::WebServer),
    (Ecosystem::Cargo, "leptos", "Leptos", Role::WebPage),
    (Ecosystem::Cargo, "clap", "clap", Role::CommandLine),
    (Ecosystem::Cargo, "sqlx", "SQLx", Role::Database),
    (Ecosystem::Cargo, "diesel", "Diesel", Role::Database),
    (Ecosystem::Cargo, "sea-orm", "SeaORM", Role::Database),
    (Ecosystem::Cargo, "proptest", "proptest", Role::Testing),
    (Ecosystem::Cargo, "tokio", "Tokio", Role::Runtime),
    (Ecosystem::Cargo, "serde", "Serde", Role::Runtime),
    (Ecosystem::Node, "express", "Express", Role::WebServer),
    (Ecosystem::Node, "fastify", "Fastify", Role::WebServer),
    (Ecosystem::Node, "koa", "Koa", Role::WebServer),
    (Ecosystem::Node, "@nestjs/core", "NestJS", Role::WebServer),
    (Ecosystem::Node, "next", "Next.js", Role::WebPage),
    (Ecosystem::Node, "nuxt", "Nuxt", Role::WebPage),
    (Ecosystem::Node, "react", "React", Role::WebPage),
    (Ecosystem::Node, "vue", "Vue", Role::WebPage),
    (Ecosystem::Node, "svelte", "Svelte", Role::WebPage),
    (Ecosystem::Node, "@angular/core", "Angular", Role::WebPage),
    (Ecosystem::Node, "commander", "Commander", Role::CommandLine),
    (Ecosystem::Node, "yargs", "yargs", Role::CommandLine),
    (Ecosystem::Node, "prisma", "Prisma", Role::Database),
    (Ecosystem::Node, "@prisma/client", "Prisma", Role::Database),
    (Ecosystem::Node, "mongoose", "Mongoose", Role::Database),
    (Ecosystem::Node, "jest", "Jest", Role::Testing),
    (Ecosystem::Node, "vitest", "Vitest", Role::Testing),
    (Ecosystem::Node, "mocha", "Mocha", Role::Testing),
    (
        Ecosystem::Node,
        "@playwright/test",
        "Playwright",
        Role::Testing,
    ),
    (
        Ecosystem::Node,
        "typescript",
        "TypeScript compiler",
        Role::Runtime,
    ),
    (Ecosystem::Python, "django", "Django", Role::WebServer),
    (Ecosystem::Python, "flask", "Flask", Role::WebServer),
    (Ecosystem::Python, "fastapi", "FastAPI", Role::WebServer),
    (Ecosystem::Python, "starlette", "Starlette", Role::WebServer),
    (Ecosystem::Python, "werkzeug", "Werkzeug", Role::WebServer),
    (Ecosystem::Python, "click", "Click", Role::CommandLine),
    (Ecosystem::Python, "typer", "Typer", Role::CommandLine),
    (
        Ecosystem::Python,
        "sqlalchemy",
        "SQLAlchemy",
        Role::Database,
    ),
    (Ecosystem::Python, "pydantic", "Pydantic", Role::Runtime),
    (Ecosystem::Python, "jinja2", "Jinja", Role::Runtime),
    (Ecosystem::Python, "pytest", "pytest", Role::Testing),
    (
        Ecosystem::Go,
        "github.com/gin-gonic/gin",
        "Gin",
        Role::WebServer,
    ),
    (
        Ecosystem::Go,
        "github.com/labstack/echo/",
        "Echo",
        Role::WebServer,
    ),
    (
        Ecosystem::Go,
        "github.com/gofiber/fiber/",
        "Fiber",
        Role::WebServer,
    ),
    (
        Ecosystem::Go,
        "github.com/go-chi/chi/",
        "chi",
        Role::WebServer,
    ),
    (
        Ecosystem::Go,
        "github.com/spf13/cobra",
        "Cobra",
        Role::CommandLine,
    ),
    (Ecosystem::Go, "gorm.io/gorm", "GORM", Role::Database),
    (
        Ecosystem::Go,
        "github.com/jmoiron/sqlx",
        "sqlx",
        Role::Database,
    ),
    (
        Ecosystem::Go,
        "github.com/stretchr/testify",
        "Testify",
        Role::Testing,
    ),
    (
        Ecosystem::Maven,
        "spring-boot-starter-parent",
        "Spring Boot",
        Role::WebServer,
    ),
    (
        Ecosystem::Maven,
        "spring-boot-starter-web",
        "Spring Web",
        Role::WebServer,
    ),
    (
        Ecosystem::Maven,
        "spring-boot-starter-data-jpa",
        "Spring Data JPA",
        Role::Database,
    ),
    (Ecosystem::Maven, "junit-jupiter", "JUnit", Role::Testing),
    (Ecosystem::Maven, "junit", "JUnit", Role::Testing),
    (
        Ecosystem::Gradle,
        "org.springframework.boot",
        "Spring Boot",
        Role::WebServer,
    ),
    (
        Ecosystem::Gradle,
        "spring-boot-starter-web",
        "Spring Web",
        Role::WebServer,
    ),
    (Ecosystem::Gradle, "junit-jupiter", "JUnit", Role::Testing),
    (Ecosystem::Ruby, "rails", "Ruby on Rails", Role::WebServer),
    (Ecosystem::Ruby, "sinatra", "Sinatra", Role::WebServer),
    (Ecosystem::Ruby, "thor", "Thor", Role::CommandLine),
    (Ecosystem::Ruby, "rspec", "RSpec", Role::Testing),
    (Ecosystem::Ruby, "rspec-rails", "RSpec", Role::Testing),
    (
        Ecosystem::Composer,
        "laravel/framework",
        "Laravel",
        Role::WebServer,
    ),
    (
        Ecosystem::Composer,
        "symfony/framework-bundle",
        "Symfony",
        Role::WebServer,
    ),
    (
        Ecosystem::Composer,
        "phpunit/phpunit",
        "PHPUnit",
        Role::Testing,
    ),
    (Ecosystem::Elixir, "phoenix", "Phoenix", Role::WebServer),
    (Ecosystem::Dotnet, "xunit", "xUnit", Role::Testing),
];

/// The frameworks that the build files name, each once.
pub(crate) fn frameworks(repository: &Repository, manifests: &[Manifest]) -> Vec<Framework> {
    let mut found: Vec<Framework> = Vec::new();
    for manifest in manifests {
        let file = repository.file(&manifest.path);
        let Some(file) = file.filter(|file| !file.is_secondary()) else {
            continue;
        };
        for dependency in &manifest.dependencies {
            let known = KNOWN.iter().find(|(ecosystem, name, _, _)| {
                *ecosystem == manifest.ecosystem && names(name, &dependency.name)
            });
            if let Some((_, _, name, role)) = known
                && !found.iter().any(|framework| framework.name == *name)
                && let Some((line, text)) = file.lines().find(|(line, _)| *line == dependency.line)
                && let Some(evidence) = file.evidence_at(line, text)
            {
                found.push(Framework {
                    name,
                    role: *role,
                    evidence,
                });
            }
        }
    }
    found
}

fn names(known: &str, dependency: &str) -> bool {
    match known.strip_suffix('/') {
        Some(module) => dependency
            .strip_prefix(module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        None => known == dependency,
    }
}
