//! Words that the grammar knows.

/// Verbs that ask for something to be there; their object is the feature.
#[rustfmt::skip]
pub(in crate::offline_agent::idea) const PROVIDING: &[&str] = &[
    "add", "build", "create", "develop", "implement", "include", "introduce", "make", "offer",
    "provide", "support", "write", "design", "have", "integrate", "enable", "expose", "give",
];

/// Other verbs with which wishes start.
#[rustfmt::skip]
pub(in crate::offline_agent::idea) const VERBS: &[&str] = &[
    "accept", "access", "adjust", "aggregate", "allow", "analyse", "analyze", "annotate",
    "append", "approve", "archive", "ask", "assign", "attach", "authenticate", "authorise",
    "authorize", "automate", "avoid", "batch", "block", "book", "cache", "calculate", "call",
    "cancel", "change", "check", "choose", "clean", "clear", "click", "close", "collect",
    "combine", "comment", "compare", "complete", "compress", "compute", "configure", "confirm",
    "connect", "convert", "copy", "count", "decode", "define", "delete", "deliver", "detect",
    "disable", "display", "document", "download", "drag", "drop", "edit", "email", "encode",
    "encrypt", "enter", "evict", "exclude", "execute", "exit", "expire", "explain", "export",
    "extract", "fail", "fetch", "filter", "find", "fix", "follow", "format", "forward",
    "generate", "get", "group", "handle", "hide", "highlight", "ignore", "import", "improve",
    "index", "inform", "insert", "inspect", "install", "invite", "join", "keep", "leave", "let",
    "limit", "link", "list", "load", "lock", "log", "manage", "map", "mark", "match", "measure",
    "merge", "migrate", "mock", "modify", "monitor", "move", "mute", "notify", "open", "optimise",
    "optimize", "order", "organise", "organize", "package", "parse", "pass", "pause", "pay",
    "persist", "pick", "pin", "play", "port", "post", "prevent", "preview", "print", "process",
    "protect", "publish", "push", "put", "query", "raise", "rank", "rate", "read", "receive",
    "record", "recover", "redirect", "reduce", "refactor", "refresh", "refuse", "register",
    "reject", "reload", "remember", "remind", "remove", "rename", "render", "reorder", "repair",
    "replace", "report", "request", "require", "reset", "resize", "resolve", "respect", "respond",
    "restore", "restrict", "resume", "retry", "return", "reuse", "review", "revoke", "rewrite",
    "rotate", "run", "save", "scan", "schedule", "search", "see", "select", "send", "serve",
    "set", "share", "ship", "show", "sign", "simplify", "skip", "sort", "speed", "split", "start",
    "stop", "store", "stream", "submit", "subscribe", "suggest", "summarise", "summarize",
    "switch", "sync", "synchronise", "synchronize", "tag", "take", "tell", "test", "toggle",
    "track", "transfer", "transform", "translate", "trigger", "undo", "update", "upgrade",
    "upload", "use", "validate", "verify", "view", "visualise", "visualize", "wait", "warn",
    "watch", "work", "wrap", "ban", "browse", "chat", "crop", "embed", "escape", "hash", "ping",
    "poll", "queue", "throttle", "vote", "zoom",
];

/// Words that nobody can test; they become questions.
#[rustfmt::skip]
pub(in crate::offline_agent::idea) const VAGUE: &[&str] = &[
    "fast", "faster", "quick", "quickly", "simple", "simply", "easy", "easily", "easier",
    "intuitive", "user-friendly", "friendly", "robust", "nice", "nicely", "good", "better",
    "best", "great", "modern", "beautiful", "clean", "efficient", "efficiently", "seamless",
    "seamlessly", "flexible", "scalable", "appropriate", "adequate", "reasonable", "several",
    "various", "some", "many", "etc", "etc.", "performant", "reliable", "lightweight", "powerful",
    "proper", "properly", "smart", "minimal", "sufficient", "convenient", "basic", "smooth",
    "smoothly", "state-of-the-art", "responsive",
];

/// Nouns that can be counted, so that one of them takes an article.
#[rustfmt::skip]
pub(in crate::offline_agent::idea) const COUNTABLE: &[&str] = &[
    "admin", "alert", "api", "app", "application", "argument", "badge", "banner", "bot", "button",
    "calendar", "cache", "cart", "changelog", "channel", "chart", "chat", "check", "client",
    "column", "command", "component", "counter", "dashboard", "database", "decorator", "dialog",
    "endpoint", "editor", "exporter", "feed", "field", "file", "filter", "flag", "form",
    "function", "gateway", "graph", "guide", "handler", "helper", "hook", "importer", "index",
    "interface", "job", "language", "layer", "library", "limit", "limiter", "link", "list", "log",
    "loader", "menu", "message", "method", "middleware", "mode", "model", "module", "option",
    "page", "panel", "parameter", "parser", "picker", "plan", "player", "plugin", "portal",
    "profile", "queue", "report", "role", "route", "scheduler", "schema", "screen", "script",
    "section", "server", "service", "setting", "sidebar", "subcommand", "switch", "system",
    "table", "tab", "template", "test", "theme", "timeline", "timeout", "timer", "toggle", "tool",
    "tracker", "view", "viewer", "validator", "wrapper", "webhook", "widget", "wizard", "worker",
    "workflow",
];

#[rustfmt::skip]
pub(in crate::offline_agent::idea) const PROPER: &[&str] = &[
    "google", "github", "gitlab", "stripe", "slack", "python", "rust", "java", "javascript",
    "typescript", "docker", "kubernetes", "postgres", "postgresql", "redis", "linux", "windows",
    "english", "german", "french", "markdown", "paypal", "microsoft", "apple", "android", "flask",
    "django", "react", "express", "kafka", "prometheus", "grafana", "discord", "twitter",
    "facebook", "amazon", "azure", "sentry", "swagger", "elasticsearch", "mongodb", "mysql",
    "sqlite",
];

#[rustfmt::skip]
pub(in crate::offline_agent::idea) const PREPOSITIONS: &[&str] = &[
    "for", "with", "without", "in", "on", "of", "to", "that", "by", "as", "from", "using", "via",
    "at", "into", "when", "where", "which", "after", "before", "between", "through", "under",
    "over", "per", "across", "if", "while", "during", "like", "such", "against", "based",
    "inside", "within", "is", "are",
];
