//! Stubs until the agents are merged.
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use super::*;
use crate::sandbox::Secret;
macro_rules! stub {
    ($name:ident) => {
        #[derive(Debug, Clone)]
        pub struct $name(CommandAgent);
        impl $name {
            #[must_use]
            pub fn new(name: AgentName, _key: Secret) -> Self {
                Self(CommandAgent::new(name, "stub"))
            }
            #[must_use]
            pub fn with_auth_token(name: AgentName, _key: Secret) -> Self {
                Self(CommandAgent::new(name, "stub"))
            }
            #[must_use]
            pub fn with_program(self, _program: impl Into<String>) -> Self {
                self
            }
            #[must_use]
            pub fn with_model(self, _model: impl Into<String>) -> Self {
                self
            }
            pub fn with_endpoint(self, _url: impl Into<String>) -> Result<Self, InvalidInput> {
                Ok(self)
            }
        }
        impl Agent for $name {
            fn name(&self) -> &AgentName {
                self.0.name()
            }
            fn description(&self) -> &str {
                self.0.description()
            }
            fn delivery(&self) -> Delivery {
                Delivery::File
            }
            fn plan(&self, task: &AgentTask) -> Result<RunPlan, InvalidInput> {
                self.0.plan(task)
            }
            fn decoder(&self) -> Box<dyn AgentDecoder> {
                self.0.decoder()
            }
        }
    };
}
stub!(ClaudeCode);
stub!(Codex);
