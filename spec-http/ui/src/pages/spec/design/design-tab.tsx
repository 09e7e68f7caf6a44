import { useMemo } from "react";
import { type Artifact, ArtifactView, type PhaseTabProps } from "../artifact/artifact-view";
import { type Design, readDesign } from "../artifact/design";
import { findingsElsewhere } from "../artifact/pointer";
import { Diagram } from "../diagram/diagram";
import { FindingList } from "../quality/finding-list";
import { FindingsBeside } from "../parts/beside";
import { Assumptions, Questions } from "../parts/questions";
import { Section } from "../parts/section";
import { Notes, Terms, TextList } from "../parts/text-list";
import { Prose, Sentence } from "../text/prose";
import { ComponentList } from "./component-list";
import { DataModelList } from "./data-model-list";
import { EndpointTable } from "./endpoint-table";

export default function DesignTab(tab: PhaseTabProps) {
  return <ArtifactView tab={tab}>{(artifact) => <DesignBody artifact={artifact} />}</ArtifactView>;
}

function pointersOf(design: Design): string[] {
  const each = (field: string, items: readonly unknown[]) =>
    items.map((_, index) => `/${field}/${index}`);
  return [
    ...each("components", design.components),
    ...each("data_models", design.models),
    ...each("api_endpoints", design.endpoints),
    "/architecture_diagram",
  ];
}

function DesignBody({ artifact }: { artifact: Artifact }) {
  const design = useMemo(() => readDesign(artifact.content), [artifact.content]);
  const { findings } = artifact;
  const elsewhere = findingsElsewhere(findings, pointersOf(design));
  return (
    <>
      <Section title="Findings about the whole" count={elsewhere.length}>
        <FindingList findings={elsewhere} />
      </Section>
      <Section title="Architecture">
        <Prose
          text={design.overview}
          code={({ language, text }) =>
            language === "mermaid" ? <Diagram text={text} title="Diagram" /> : null
          }
        />
        {design.diagram.trim() && <Diagram text={design.diagram} title="Architecture diagram" />}
        <FindingsBeside findings={findings} pointer="/architecture_diagram" />
      </Section>
      <ComponentList components={design.components} findings={findings} />
      <DataModelList models={design.models} findings={findings} />
      <EndpointTable endpoints={design.endpoints} findings={findings} />
      <Section title="Decisions" count={design.decisions.length}>
        <ul className="cards">
          {design.decisions.map(({ decision, rationale, alternatives }, index) => (
            <li key={index} className="card">
              <h4 dir="auto">
                <Sentence text={decision} />
              </h4>
              <Prose text={rationale} />
              {alternatives.length > 0 && (
                <div>
                  <p className="card-label">Also considered</p>
                  <TextList items={alternatives} />
                </div>
              )}
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Risks" count={design.risks.length}>
        <Terms
          items={design.risks.map(({ risk, mitigation }) => [risk, mitigation])}
          code={false}
        />
      </Section>
      <Section title="Integration points" count={design.integration.length}>
        <TextList items={design.integration} />
      </Section>
      <Section title="Error handling" count={design.errors.length}>
        <Terms items={design.errors} code={false} />
      </Section>
      <Section title="Security" count={design.security.length}>
        <TextList items={design.security} />
      </Section>
      <Section title="Unit tests" count={design.unitTests.length}>
        <TextList items={design.unitTests} />
      </Section>
      <Section title="Integration tests" count={design.integrationTests.length}>
        <TextList items={design.integrationTests} />
      </Section>
      <Section title="Migration" count={design.migration.length}>
        <TextList items={design.migration} />
      </Section>
      <Questions questions={design.questions} />
      <Assumptions assumptions={design.assumptions} />
      <Notes text={design.notes} />
    </>
  );
}
