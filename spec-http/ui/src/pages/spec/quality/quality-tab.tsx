import type { PhaseResult, Spec } from "@spec/client";
import { usePhase, useTrace } from "@spec/client/react";
import { useMemo } from "react";
import { EmptyState } from "../../../components/empty-state";
import { ErrorState } from "../../../components/error-state";
import { Loading } from "../../../components/loading";
import { phaseNames } from "../../../lib/names";
import { assumptions, questions } from "../artifact/common";
import { fields } from "../artifact/read";
import { readTrace } from "../artifact/trace";
import { formatHours } from "../format/duration";
import { Assumptions, Questions } from "../parts/questions";
import { Section } from "../parts/section";
import { TextList } from "../parts/text-list";
import { Untrusted } from "../text/untrusted";
import { allFindings } from "./all-findings";
import { CheckList } from "./check-list";
import { CoverageMatrix } from "./coverage-matrix";
import { FindingList } from "./finding-list";
import "../artifact/artifact.css";

export default function QualityTab({ spec }: { spec: Spec }) {
  const { id } = spec;
  const queries = [
    usePhase(id, "explore"),
    usePhase(id, "requirements"),
    usePhase(id, "design"),
    usePhase(id, "tasks"),
  ];
  const failed = queries.find(({ isError }) => isError);
  const results = queries.map(({ data }) => data);
  if (queries.some(({ isPending }) => isPending)) return <Loading label="Loading the findings" />;
  return (
    <div className="artifact">
      <h2>Quality</h2>
      {failed && (
        <ErrorState
          error={failed.error}
          busy={failed.isFetching}
          onRetry={() => queries.forEach((query) => void (query.isError && query.refetch()))}
        />
      )}
      <Findings spec={spec} results={results} />
      <TraceReport id={id} />
      <OpenPoints results={results} />
    </div>
  );
}

function Findings({
  spec,
  results,
}: {
  spec: Spec;
  results: readonly (PhaseResult | undefined)[];
}) {
  const groups = useMemo(() => allFindings(spec, results), [spec, results]);
  const count = groups.reduce((sum, { findings }) => sum + findings.length, 0);
  if (count === 0) {
    return (
      <Section title="Findings">
        <p className="muted">The checks had nothing to say about what was accepted so far.</p>
      </Section>
    );
  }
  return (
    <Section title="Findings" count={count}>
      <div className="finding-groups">
        {groups.map(({ phase, refused, findings }) => (
          <div key={`${phase}-${refused}`}>
            <p className="card-label">
              {phaseNames[phase]}
              {refused && ", output that was refused"}
            </p>
            <FindingList findings={findings} />
          </div>
        ))}
      </div>
    </Section>
  );
}

function TraceReport({ id }: { id: string }) {
  const query = useTrace(id);
  const traced = query.data?.trace;
  const trace = useMemo(() => (traced ? readTrace(traced) : null), [traced]);
  if (query.isError) {
    return (
      <ErrorState
        error={query.error}
        busy={query.isFetching}
        onRetry={() => void query.refetch()}
      />
    );
  }
  if (!trace) {
    return (
      <Section title="Coverage">
        {query.isPending ? (
          <Loading label="Loading the coverage" />
        ) : (
          <EmptyState title="No coverage yet">
            It is computed once the first four phases have a result.
          </EmptyState>
        )}
      </Section>
    );
  }
  return (
    <>
      <Section title="Checks over all phases">
        <p>
          {trace.ready ? "Ready for execution." : "Not ready for execution yet."} Critical path:{" "}
          {formatHours(trace.criticalPathHours)}.
        </p>
        <CheckList checks={trace.checks} />
        <dl className="totals">
          {trace.totals.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Section>
      <Section title="Blockers" count={trace.blockers.length}>
        <TextList items={trace.blockers} />
      </Section>
      <Section title="Issues" count={trace.issues.length}>
        <TextList items={trace.issues} />
      </Section>
      <Section title="Warnings" count={trace.warnings.length}>
        <TextList items={trace.warnings} />
      </Section>
      <Section title="Coverage" count={trace.coverage.length}>
        <p className="muted">
          {Number(trace.coveragePercent.toFixed(1))} % of the requirements are fully covered.
        </p>
        <CoverageMatrix rows={trace.coverage} />
      </Section>
      <Section title="Recommendations" count={trace.recommendations.length}>
        <TextList items={trace.recommendations} />
      </Section>
      {trace.commit && (
        <Section title="Commit">
          <p>
            Branch <Untrusted text={trace.commit.branch} />, commit{" "}
            <code>{trace.commit.commit.slice(0, 12)}</code>
          </p>
        </Section>
      )}
    </>
  );
}

function OpenPoints({ results }: { results: readonly (PhaseResult | undefined)[] }) {
  const contents = results.map((result) => fields(result?.artifact?.content));
  const asked = contents.flatMap((content) => questions(content["questions"]));
  const assumed = contents.flatMap((content) => assumptions(content["assumptions"]));
  return (
    <>
      <Questions questions={distinct(asked)} />
      <Assumptions assumptions={distinct(assumed)} />
    </>
  );
}

/** Later phases repeat what stayed open. */
function distinct<T extends { readonly text: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.text, item])).values()];
}
