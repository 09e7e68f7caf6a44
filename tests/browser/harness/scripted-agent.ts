import { execFile } from "node:child_process";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { serveProgram } from "./programs";

const run = promisify(execFile);

export type AgentPhase = "explore" | "requirements" | "design" | "tasks";
export const agentPhases: readonly AgentPhase[] = ["explore", "requirements", "design", "tasks"];
export type Outputs = Record<AgentPhase, unknown>;

/** Its folder can be read in the sandbox, so files there tell it what to do, while it runs too. */
const program = `#!/bin/sh
folder=$(dirname "$0")
for phase in explore requirements design tasks; do
    grep -q "\\"phase\\": *\\"$phase\\"" "$SPEC_RUN_DIR/context.json" && break
done
[ -e "$folder/progress-$phase" ] && cat "$folder/progress-$phase"
while [ -e "$folder/hold-$phase" ]; do sleep 0.05; done
if [ -e "$folder/fail-$phase" ]; then
    cat "$folder/fail-$phase" >&2
    exit 1
fi
cp "$folder/output-$phase" "$SPEC_RUN_DIR/result.json"
`;

/** An agent that hands over what a test has prepared. */
export class ScriptedAgent {
  private constructor(
    readonly path: string,
    private readonly folder: string,
  ) {}

  static async make(folder: string, outputs: Outputs): Promise<ScriptedAgent> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, "scripted");
    await writeFile(path, program);
    await chmod(path, 0o755);
    const agent = new ScriptedAgent(path, folder);
    await agent.handsOver(outputs);
    return agent;
  }

  async handsOver(outputs: Outputs): Promise<void> {
    for (const phase of agentPhases) {
      await writeFile(join(this.folder, `output-${phase}`), JSON.stringify(outputs[phase]));
    }
  }

  /** What it prints when it begins: lines of text, or of the agents' protocol. */
  async says(phase: AgentPhase, lines: readonly (string | object)[]): Promise<void> {
    const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
    await writeFile(
      join(this.folder, `progress-${phase}`),
      text.map((line) => `${line}\n`).join(""),
    );
  }

  /** It goes on once it is let. */
  async hold(phase: AgentPhase): Promise<void> {
    await writeFile(join(this.folder, `hold-${phase}`), "");
  }

  async release(phase: AgentPhase): Promise<void> {
    await rm(join(this.folder, `hold-${phase}`));
  }

  async fails(phase: AgentPhase, message: string): Promise<void> {
    await writeFile(join(this.folder, `fail-${phase}`), message);
  }

  async succeeds(phase: AgentPhase): Promise<void> {
    await rm(join(this.folder, `fail-${phase}`));
  }
}

/** What the offline agent would hand over for an idea. */
export async function offlineOutputs(repository: string, idea: string): Promise<Outputs> {
  const args = ["offline-agent", "--idea", idea, "--repo", repository];
  const { stdout } = await run(serveProgram(), args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Outputs;
}
