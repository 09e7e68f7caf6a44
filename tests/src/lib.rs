//! Test doubles and harness shared by the suites.
