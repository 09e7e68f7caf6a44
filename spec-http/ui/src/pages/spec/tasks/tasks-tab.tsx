import { useTrace } from "@spec/client/react";
import { useMemo } from "react";
import { type Artifact, ArtifactView, type PhaseTabProps } from "../artifact/artifact-view";
import { findingsElsewhere } from "../artifact/pointer";
import { readTasks } from "../artifact/tasks";
import { readTrace } from "../artifact/trace";
import { formatHours } from "../format/duration";
import { plural } from "../format/plural";
import { orderTasks } from "../graph/order";
import { TaskGraph } from "../graph/task-graph";
import { FindingList } from "../quality/finding-list";
import { Assumptions, Questions } from "../parts/questions";
import { Section } from "../parts/section";
import { Notes } from "../parts/text-list";
import { Untrusted } from "../text/untrusted";
import { TaskTable } from "./task-table";
import { TicketList } from "./ticket-list";
import "./tasks.css";

export default function TasksTab(tab: PhaseTabProps) {
  return (
    <ArtifactView tab={tab}>
      {(artifact) => (
        <TasksBody id={tab.id} artifact={artifact} newest={tab.version === undefined} />
      )}
    </ArtifactView>
  );
}

function TasksBody({ id, artifact, newest }: { id: string; artifact: Artifact; newest: boolean }) {
  const output = useMemo(() => readTasks(artifact.content), [artifact.content]);
  const order = useMemo(() => orderTasks(output.tasks), [output.tasks]);
  const traced = useTrace(id).data?.trace;
  const trace = useMemo(() => (newest && traced ? readTrace(traced) : null), [newest, traced]);
  // The server's own figures, where it has them for what is shown.
  const path = trace ? trace.criticalPath : order.criticalPath;
  const hours = trace ? trace.criticalPathHours : order.criticalPathHours;
  const critical = useMemo(() => new Set(path), [path]);
  const total = output.tasks.reduce((sum, task) => sum + Math.max(0, task.hours), 0);
  const pointers = [
    ...output.tasks.map((_, index) => `/tasks/${index}`),
    ...output.tickets.map((_, index) => `/tickets/${index}`),
  ];
  const elsewhere = findingsElsewhere(artifact.findings, pointers);
  return (
    <>
      <Section title="Findings about the whole" count={elsewhere.length}>
        <FindingList findings={elsewhere} />
      </Section>
      <Section title="Order of the work">
        <p>
          {plural(output.tasks.length, "task")} in {plural(order.waves.length, "wave")},{" "}
          {formatHours(total)} in all. The critical path takes {formatHours(hours)}:{" "}
          <Untrusted text={path.join(" → ")} max={1000} />
        </p>
        <TaskGraph tasks={output.tasks} order={order} critical={path} />
      </Section>
      <Section title="Tasks" count={output.tasks.length}>
        <TaskTable
          tasks={output.tasks}
          waves={order.waves}
          critical={critical}
          findings={artifact.findings}
        />
      </Section>
      <TicketList tickets={output.tickets} findings={artifact.findings} />
      <Questions questions={output.questions} />
      <Assumptions assumptions={output.assumptions} />
      <Notes text={output.notes} />
    </>
  );
}
