//! What sandboxes are made of.

/// What a sandbox is made from.
///
/// Either way it needs git, a POSIX shell, GNU or busybox tools, `setsid`, and the agents' programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Image {
    /// The organization's default snapshot.
    #[default]
    DefaultSnapshot,
    /// A snapshot, by name or id. Its resources are its own.
    Snapshot(String),
    /// An image that Daytona builds when it has none of this content yet, which takes minutes.
    Dockerfile {
        /// Its text.
        content: String,
        /// What its sandboxes get.
        resources: Resources,
    },
}

/// What a sandbox gets of its host; what is `None` is Daytona's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resources {
    /// Processor cores.
    pub cpu: Option<u32>,
    /// Memory in GB.
    pub memory: Option<u32>,
    /// Disk in GB.
    pub disk: Option<u32>,
}

/// What a sandbox can reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Network {
    /// Everything that the organization's tier allows.
    #[default]
    Unrestricted,
    /// Nothing.
    Blocked,
    /// Only these. Daytona refuses them in the tiers 1 and 2, and a list of networks takes the place
    /// of the services that are allowed otherwise: it has to hold the repository and the model.
    Only {
        /// Networks such as `10.0.0.0/8`.
        networks: Vec<String>,
        /// Domains such as `github.com` or `*.example.org`.
        domains: Vec<String>,
    },
}
