import type { Phase, PhaseResult, PhaseStatus, SpecStatus } from "@spec/client";
import { usePhase } from "@spec/client/react";
import type { ReactNode } from "react";
import { EmptyState } from "../../../components/empty-state";
import { ErrorState } from "../../../components/error-state";
import { Loading } from "../../../components/loading";
import { phaseNames } from "../../../lib/names";
import { ArtifactHeader } from "./artifact-header";
import { missingResult } from "./missing-result";
import "./artifact.css";

export type Artifact = NonNullable<PhaseResult["artifact"]>;

/** What every tab of a phase is given. */
export interface PhaseTabProps {
  id: string;
  phase: Phase;
  status: PhaseStatus;
  specStatus: SpecStatus;
  /** The commit that the repository is read at. */
  commit: string | null;
  /** The version to show; the newest when not given. */
  version: number | undefined;
  onVersion: (version: number | undefined) => void;
}

/** A version of a phase's artifact with its header, or why there is none. */
export function ArtifactView({
  tab,
  children,
}: {
  tab: PhaseTabProps;
  children: (artifact: Artifact, result: PhaseResult) => ReactNode;
}) {
  const { id, phase, version, onVersion } = tab;
  const query = usePhase(id, phase, version);
  if (query.data?.artifact) {
    const { artifact } = query.data;
    return (
      <div className="artifact">
        <ArtifactHeader tab={tab} artifact={artifact} onVersion={onVersion} />
        {children(artifact, query.data)}
      </div>
    );
  }
  if (query.isError) {
    return (
      <ErrorState
        error={query.error}
        busy={query.isFetching}
        onRetry={() => void query.refetch()}
      />
    );
  }
  if (query.isPending) return <Loading label={`Loading ${phaseNames[phase]}`} />;
  const missing = missingResult(tab);
  return (
    <EmptyState icon="clock" title={missing.title}>
      {missing.text}
    </EmptyState>
  );
}
