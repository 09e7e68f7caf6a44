import { useMemo } from "react";
import { type Artifact, ArtifactView, type PhaseTabProps } from "../artifact/artifact-view";
import { readExplore } from "../artifact/explore";
import { FindingList } from "../quality/finding-list";
import { Assumptions, Questions } from "../parts/questions";
import { Section } from "../parts/section";
import { Chips, Notes, Terms, TextList } from "../parts/text-list";
import { Prose } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import { FoundList } from "./found-list";

export default function ExploreTab(tab: PhaseTabProps) {
  return (
    <ArtifactView tab={tab}>
      {(artifact) => <ExploreBody artifact={artifact} commit={tab.commit} />}
    </ArtifactView>
  );
}

function ExploreBody({ artifact, commit }: { artifact: Artifact; commit: string | null }) {
  const explore = useMemo(() => readExplore(artifact.content), [artifact.content]);
  const { feature } = explore;
  return (
    <>
      {artifact.findings.length > 0 && (
        <Section title="Findings" count={artifact.findings.length}>
          <FindingList findings={artifact.findings} />
        </Section>
      )}
      <Section title="The idea in this repository">
        <p className="lead" dir="auto">
          <Untrusted text={feature.oneLiner || feature.name} kind="prose" />
        </p>
        {feature.problem && <Prose text={feature.problem} />}
      </Section>
      <Section title="In scope" count={feature.scopeIn.length}>
        <TextList items={feature.scopeIn} />
      </Section>
      <Section title="Out of scope" count={feature.scopeOut.length}>
        <TextList items={feature.scopeOut} />
      </Section>
      <Section title="The repository">
        <p className="muted">
          <Untrusted text={explore.projectType} />
          {commit && (
            <>
              {" at commit "}
              <UntrustedCode text={commit.slice(0, 12)} />
            </>
          )}
        </p>
        <Prose text={explore.summary} />
      </Section>
      <Section title="Stack" count={explore.stack.length}>
        <Chips items={explore.stack} />
      </Section>
      <FoundList title="Entry points" items={explore.entryPoints} commit={commit} />
      <FoundList title="Key files" items={explore.keyFiles} commit={commit} />
      <FoundList title="Related code" items={explore.related} commit={commit} />
      <FoundList title="Patterns to follow" items={explore.patterns} commit={commit} />
      <FoundList title="Existing models" items={explore.models} commit={commit} />
      <Section title="Structure" count={explore.structure.length}>
        <Terms items={explore.structure} />
      </Section>
      <Section title="Conventions" count={explore.conventions.length}>
        <Terms items={explore.conventions} code={false} />
      </Section>
      {explore.tests && (
        <Section title="Tests">
          <Prose text={explore.tests} />
        </Section>
      )}
      <Section title="Constraints" count={feature.constraints.length}>
        <TextList items={feature.constraints} />
      </Section>
      <Section title="Risks" count={feature.risks.length}>
        <TextList items={feature.risks} />
      </Section>
      <Section title="Success metrics" count={feature.metrics.length}>
        <TextList items={feature.metrics} />
      </Section>
      <Section title="Discovery questions" count={explore.discovery.length}>
        {explore.discovery.map(({ category, questions }, index) => (
          <div key={index}>
            <p className="card-label">
              <Untrusted text={category} />
            </p>
            <TextList items={questions} />
          </div>
        ))}
      </Section>
      <Questions questions={explore.questions} />
      <Assumptions assumptions={explore.assumptions} />
      <Notes text={explore.notes} />
    </>
  );
}
