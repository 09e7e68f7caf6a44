import type { Phase, Spec } from "@spec/client";
import { useProjects } from "@spec/client/react";
import { PageTitle } from "../../../components/page-title";
import { ProgressBar } from "../../../components/progress-bar";
import { StatusBadge } from "../../../components/status-badge";
import { Time } from "../../../components/time";
import { SpecActions } from "../actions/spec-actions";
import { Untrusted } from "../text/untrusted";
import { cut, visibleText } from "../text/visible";
import { AgentLabel } from "./agent-label";
import { Idea } from "./idea";
import "./header.css";

const LONGEST_TITLE = 300;

export function SpecHeader({ spec, onRetry }: { spec: Spec; onRetry: (phase: Phase) => void }) {
  const projects = useProjects();
  const project = projects.data?.projects.find(({ id }) => id === spec.project_id);
  const { percent, headline } = spec.progress;
  return (
    <header className="spec-header">
      <div className="spec-title-row">
        <div className="spec-title">
          <PageTitle documentTitle={visibleText(cut(spec.title, LONGEST_TITLE))}>
            <Untrusted text={spec.title} max={LONGEST_TITLE} />
          </PageTitle>
          <p className="spec-facts">
            <StatusBadge status={spec.status} />
            {spec.archived_at && <span className="spec-archived">Archived</span>}
            <span>
              Project <Untrusted text={project?.name ?? spec.project_id} />
            </span>
            <span>
              Agent <AgentLabel name={spec.agent} />
            </span>
            <span>
              Created <Time at={spec.created_at} />
            </span>
            <span>
              Updated <Time at={spec.updated_at} />
            </span>
          </p>
        </div>
        <SpecActions spec={spec} onRetry={onRetry} />
      </div>
      <Idea text={spec.description} />
      <div className="spec-progress">
        <ProgressBar percent={percent} label="Progress of the spec" />
        <p className="spec-headline">
          <Untrusted text={headline} kind="prose" />
          <span className="spec-percent">{percent} %</span>
        </p>
      </div>
    </header>
  );
}
