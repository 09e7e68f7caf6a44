//! Capabilities that people ask for again and again, with what is usual for them.
//!
//! Every use of one becomes an assumption of the output, because the idea did not say it.

use crate::offline_agent::idea::grammar::is_preposition;
use crate::offline_agent::idea::{Clause, Feature};
use crate::offline_agent::words::{keywords, stem};

/// A capability. In the texts `{it}` is the feature and `{system}` the system.
#[derive(Debug)]
pub(super) struct Capability {
    pub(super) id: &'static str,
    /// Stems of which all must be there, by alternative.
    stems: &'static [&'static [&'static str]],
    pub(super) trigger: &'static str,
    pub(super) response: &'static str,
    pub(super) checks: &'static [&'static str],
    pub(super) unwanted: &'static str,
    pub(super) mitigation: &'static str,
    pub(super) failure_checks: &'static [&'static str],
    pub(super) benefit: &'static str,
}

/// The capability that the feature names, the more specific before the more general.
pub(super) fn of(feature: &Feature) -> Option<&'static Capability> {
    // A condition or a verb of its own says more than what is usual.
    let Clause::Provide(thing) = &feature.clause else {
        return None;
    };
    let named = keywords(before_preposition(thing));
    let said = keywords(&format!("{thing} {}", feature.details.join(" ")));
    KNOWN.iter().find(|known| {
        // How one signs in is often said after "with"; other capabilities are named first.
        let words = if known.id == "federated-login" {
            &said
        } else {
            &named
        };
        known.stems.iter().any(|all| {
            all.iter().all(|wanted| {
                words
                    .iter()
                    .any(|word| word == wanted || *word == stem(wanted))
            })
        })
    })
}

fn before_preposition(phrase: &str) -> &str {
    let mut end = 0;
    for word in phrase.split_inclusive(' ') {
        if end > 0 && is_preposition(word.trim()) {
            break;
        }
        end += word.len();
    }
    phrase.get(..end).unwrap_or(phrase)
}

static KNOWN: &[Capability] = &[
    Capability {
        id: "password-reset",
        stems: &[
            &["password", "reset"],
            &["password", "recovery"],
            &["forgot", "password"],
        ],
        trigger: "a user requests a password reset for a known address",
        response: "send a reset link that works once to that address",
        checks: &[
            "a reset is requested for a known address, one message with a reset link is sent to it",
        ],
        unwanted: "a reset link is unknown, expired or already used",
        mitigation: "refuse the new password",
        failure_checks: &[
            "a used reset link is opened again, the password stays as it is",
            "a reset is requested for an unknown address, the answer is the same as for a known one",
        ],
        benefit: "a forgotten password does not lock me out",
    },
    Capability {
        id: "federated-login",
        stems: &[
            &["oauth"],
            &["sso"],
            &["saml"],
            &["oidc"],
            &["google", "login"],
            &["github", "login"],
            &["google", "authenticat"],
            &["github", "authenticat"],
        ],
        trigger: "a user returns from the identity provider with a valid authorisation",
        response: "start a session for the account that belongs to it",
        checks: &[
            "a valid authorisation arrives, the next request of that user is accepted as theirs",
        ],
        unwanted: "the authorisation of the identity provider cannot be verified",
        mitigation: "refuse the sign-in",
        failure_checks: &[
            "a forged authorisation arrives, no session is started",
            "a user cancels at the identity provider, the sign-in page is shown again",
        ],
        benefit: "I do not need one more password",
    },
    Capability {
        id: "second-factor",
        stems: &[
            &["two", "factor"],
            &["second", "factor"],
            &["2fa"],
            &["mfa"],
            &["multi", "factor"],
        ],
        trigger: "a user with a second factor has submitted valid credentials",
        response: "ask for the second factor before it starts a session",
        checks: &[
            "valid credentials are submitted without the second factor, no session is started",
        ],
        unwanted: "the second factor is wrong",
        mitigation: "refuse the sign-in",
        failure_checks: &["a wrong second factor is submitted, no session is started"],
        benefit: "a stolen password alone is of no use",
    },
    Capability {
        id: "login",
        stems: &[
            &["login"],
            &["log-in"],
            &["sign-in"],
            &["signin"],
            &["authenticat"],
        ],
        trigger: "a user submits valid credentials",
        response: "start a session for that user",
        checks: &[
            "valid credentials are submitted, the next request of that user is accepted as theirs",
        ],
        unwanted: "the submitted credentials are invalid",
        mitigation: "refuse the sign-in without telling which part of the credentials is wrong",
        failure_checks: &[
            "a wrong password is submitted, no session is started",
            "an unknown name is submitted, the answer is the same as for a wrong password",
        ],
        benefit: "only I can act in my name",
    },
    Capability {
        id: "registration",
        stems: &[&["registrat"], &["signup"], &["sign-up"], &["register"]],
        trigger: "a visitor submits a complete registration",
        response: "create an account for that visitor",
        checks: &["a complete registration is submitted, the new account can sign in"],
        unwanted: "a registration names an address that is taken",
        mitigation: "refuse the registration",
        failure_checks: &["a taken address is submitted, the number of accounts stays the same"],
        benefit: "I can start without asking anyone",
    },
    Capability {
        id: "rate-limit",
        stems: &[&["rat", "limit"], &["rate", "limit"], &["throttl"]],
        trigger: "a client exceeds its limit of requests",
        response: "refuse further requests of that client until the limit allows them again",
        checks: &["a client sends one request more than its limit, that request is refused"],
        unwanted: "the check of the limit fails",
        mitigation: "record the cause in the log",
        failure_checks: &["a test makes the check of the limit fail, the log names the cause"],
        benefit: "one client cannot slow down all others",
    },
    Capability {
        id: "health",
        stems: &[&["health"], &["healthcheck"], &["liveness"], &["readiness"]],
        trigger: "a client queries {it}",
        response: "answer with the state of the service",
        checks: &["the service runs and its state is queried, the answer tells that it is up"],
        unwanted: "a part that the service depends on is out of reach",
        mitigation: "report itself as unhealthy",
        failure_checks: &[
            "a dependency is stopped and the state is queried, the answer names that dependency",
        ],
        benefit: "an outage is noticed by a machine before a person notices it",
    },
    Capability {
        id: "search",
        stems: &[&["search"]],
        trigger: "a user submits a query to {it}",
        response: "return the entries that match the query",
        checks: &[
            "a query matches one entry, the result holds that entry",
            "a query matches no entry, the result is empty and says so",
        ],
        unwanted: "a query cannot be understood",
        mitigation: "report which part of the query is wrong",
        failure_checks: &["a malformed query is submitted, the answer names the malformed part"],
        benefit: "I find an entry without reading all of them",
    },
    Capability {
        id: "pagination",
        stems: &[&["paginat"], &["paging"]],
        trigger: "a client asks for a page of a list",
        response: "return the entries of that page together with a reference to the next one",
        checks: &["all pages of a list are read in order, every entry appears once"],
        unwanted: "a reference to a page is invalid",
        mitigation: "refuse the request",
        failure_checks: &["an invalid reference is sent, the answer names the invalid parameter"],
        benefit: "long lists arrive in parts that can be handled",
    },
    Capability {
        id: "export",
        stems: &[&["export"]],
        trigger: "a user requests {it}",
        response: "deliver the requested data in the requested format",
        checks: &["an export is requested, the delivered data holds every selected entry"],
        unwanted: "{it} cannot be completed",
        mitigation: "discard the incomplete result",
        failure_checks: &["an export is interrupted, no partial file is left behind"],
        benefit: "I can use my data elsewhere",
    },
    Capability {
        id: "import",
        stems: &[&["import"], &["upload"]],
        trigger: "a user submits data for {it}",
        response: "store the submitted data",
        checks: &["valid data is submitted, it can be read back unchanged"],
        unwanted: "submitted data is invalid",
        mitigation: "reject the data as a whole",
        failure_checks: &[
            "one entry of the submitted data is invalid, none of them is stored",
            "data is rejected, the message names the first invalid entry",
        ],
        benefit: "data from elsewhere does not have to be typed again",
    },
    Capability {
        id: "notification",
        stems: &[&["notificat"], &["alert"], &["remind"]],
        trigger: "an event occurs that a user has chosen for {it}",
        response: "send that user one message about the event",
        checks: &["a chosen event occurs, the user receives one message about it"],
        unwanted: "a message cannot be delivered",
        mitigation: "record the failed delivery",
        failure_checks: &[
            "the receiving end refuses a message, the log names the message and the cause",
        ],
        benefit: "I learn of events without looking for them",
    },
    Capability {
        id: "theme",
        stems: &[&["dark", "mode"], &["dark", "them"], &["light", "mode"]],
        trigger: "a user switches {it} on or off",
        response: "show every page in the chosen appearance",
        checks: &[
            "a user switches the appearance and opens another page, that page has the chosen appearance",
        ],
        unwanted: "a stored choice of appearance cannot be read",
        mitigation: "show the appearance that the device prefers",
        failure_checks: &[
            "the stored choice is unreadable, the page follows the setting of the device",
        ],
        benefit: "the pages suit the light around me",
    },
    Capability {
        id: "cache",
        stems: &[&["cach"]],
        trigger: "a result is requested that {it} holds and that is still valid",
        response: "return the result without computing it again",
        checks: &[
            "the same request is made twice, the second one does not reach the source of the data",
        ],
        unwanted: "the data behind a stored result changes",
        mitigation: "discard that result",
        failure_checks: &["data is changed and requested again, the answer shows the change"],
        benefit: "repeated requests do not repeat the work",
    },
    Capability {
        id: "webhook",
        stems: &[&["webhook"]],
        trigger: "an event occurs for which a receiver is registered",
        response: "send a description of the event to that receiver",
        checks: &["a registered event occurs, the receiver gets one request that describes it"],
        unwanted: "a receiver does not accept a delivery",
        mitigation: "record the delivery as failed",
        failure_checks: &["a receiver answers with an error, the delivery is listed as failed"],
        benefit: "other systems learn of events without polling",
    },
    Capability {
        id: "audit",
        stems: &[&["audit"]],
        trigger: "a user changes data",
        response: "record who changed what and when",
        checks: &["a user changes an entry, the record names the user, the entry and the time"],
        unwanted: "the record of a change cannot be written",
        mitigation: "refuse the change",
        failure_checks: &["the record cannot be written, the data stays as it was"],
        benefit: "every change can be traced to a person",
    },
    Capability {
        id: "metrics",
        stems: &[&["metric"], &["prometheu"]],
        trigger: "a client reads {it}",
        response: "return the current values with their names",
        checks: &["a counted event occurs between two readings, the second reading is larger"],
        unwanted: "a value cannot be determined",
        mitigation: "leave that value out of the answer",
        failure_checks: &["one value is missing, all other values are still returned"],
        benefit: "I see how the system behaves over time",
    },
];
