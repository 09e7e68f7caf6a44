/** What helps a person most after a failure of some kind. */
export type FailureRemedy = "retry" | "budget" | "host";

interface FailureWords {
  readonly title: string;
  readonly advice: string;
  readonly remedy: FailureRemedy;
}

const retry = (title: string, advice: string): FailureWords => ({ title, advice, remedy: "retry" });
const host = (title: string, advice: string): FailureWords => ({ title, advice, remedy: "host" });

const KINDS: Readonly<Record<string, FailureWords>> = {
  project_unavailable: host(
    "Project not available",
    "The project is gone, or its owner may no longer use it. Once it is back, retry the phase.",
  ),
  checkout_rejected: host(
    "Repository cannot be checked out",
    "Check the project's repository, branch and credentials, then retry the phase.",
  ),
  sandbox_rejected: host(
    "Sandbox refused",
    "The sandbox provider refuses this request for good. Its settings have to be changed before a retry.",
  ),
  sandbox_unavailable: retry(
    "Sandbox provider not available",
    "The provider failed too often. This usually passes: retry the phase later.",
  ),
  sandbox_lost: retry(
    "Sandbox lost",
    "The sandbox stopped or vanished during the run. A retry gets a new one.",
  ),
  unknown_agent: host(
    "Unknown agent",
    "No agent of that name is registered with the server any more.",
  ),
  agent_not_found: host(
    "Agent not installed",
    "The agent's program does not exist in the sandbox. It has to be installed there first.",
  ),
  agent_failed: retry(
    "Agent failed",
    "The agent ended with an error. A retry begins with a fresh sandbox.",
  ),
  interrupted: retry(
    "Agent interrupted",
    "The agent was ended from outside before its last word. A retry begins with a fresh sandbox.",
  ),
  agent_unauthorized: host(
    "Agent not authorized",
    "The agent's model does not accept its key. The key has to be replaced before a retry.",
  ),
  model_unavailable: retry(
    "Model not available",
    "The agent's model is overloaded or allows no more for now. Retry the phase later.",
  ),
  agent_limit: retry(
    "Limit of the agent reached",
    "The agent kept to a limit of its own before it was done. A narrower task helps: retry with feedback.",
  ),
  budget_exceeded: {
    title: "Budget used up",
    advice: "Raise the budget, then retry the phase. What was accepted before is kept.",
    remedy: "budget",
  },
  no_result: retry("No result", "The agent ended well and left no result. A retry often helps."),
  invalid_output: retry(
    "Output refused",
    "The output did not pass the checks below. Retry, and say in the feedback what it should do differently.",
  ),
  too_much_output: retry(
    "Too much output",
    "The agent printed more than the policy allows. Retry, and ask for less in the feedback.",
  ),
  deadline_exceeded: retry(
    "Out of time",
    "The attempt's time was up. A retry gets the full time again.",
  ),
  sync_rejected: host(
    "Target refused the spec",
    "A target of SYNC refused the spec. Resolve what it says, then retry the phase.",
  ),
  poisoned: host(
    "Stuck",
    "The server took the spec again and again without getting anywhere. Whoever runs it should look at its log.",
  ),
};

export function failureWords(kind: string): FailureWords {
  return KINDS[kind] ?? retry("Failed", "The phase can be tried again.");
}

export function failureTitle(kind: string): string {
  return failureWords(kind).title;
}

/** Kinds that this page has words for. */
export const KNOWN_FAILURES: readonly string[] = Object.keys(KINDS);
