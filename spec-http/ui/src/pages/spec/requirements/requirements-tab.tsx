import type { PhaseResult } from "@spec/client";
import { useMemo } from "react";
import { type Artifact, ArtifactView, type PhaseTabProps } from "../artifact/artifact-view";
import { findingsElsewhere } from "../artifact/pointer";
import { type UserStory, readRequirements } from "../artifact/requirements";
import { storyParts } from "./story-parts";
import { FindingList } from "../quality/finding-list";
import { Priority } from "../parts/priority";
import { Assumptions, Questions } from "../parts/questions";
import { Section } from "../parts/section";
import { Notes, TextList, useMore } from "../parts/text-list";
import { Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import { EarsLegend } from "./ears-text";
import { RequirementCard } from "./requirement-card";

export default function RequirementsTab(tab: PhaseTabProps) {
  return (
    <ArtifactView tab={tab}>
      {(artifact, result) => <RequirementsBody artifact={artifact} ears={result.ears} />}
    </ArtifactView>
  );
}

function RequirementsBody({ artifact, ears }: { artifact: Artifact; ears: PhaseResult["ears"] }) {
  const output = useMemo(() => readRequirements(artifact.content), [artifact.content]);
  const parts = useMemo(() => new Map(ears.map((each) => [each.requirement_id, each])), [ears]);
  const pointers = output.requirements.map((_, index) => `/requirements/${index}`);
  const elsewhere = findingsElsewhere(artifact.findings, pointers);
  const { limit, more } = useMore(output.requirements.length);
  return (
    <>
      <Section title="Findings about the whole" count={elsewhere.length}>
        <FindingList findings={elsewhere} />
      </Section>
      <Section title="Requirements" count={output.requirements.length}>
        {ears.length > 0 && <EarsLegend />}
        <ul className="cards">
          {output.requirements.slice(0, limit).map((requirement, index) => (
            <RequirementCard
              key={index}
              requirement={requirement}
              ears={parts.get(requirement.id)}
              findings={artifact.findings}
              pointer={`/requirements/${index}`}
            />
          ))}
        </ul>
        {more}
      </Section>
      <Section title="User stories" count={output.stories.length}>
        <ul className="cards">
          {output.stories.map((story, index) => (
            <Story key={index} story={story} />
          ))}
        </ul>
      </Section>
      <Section title="Out of scope" count={output.outOfScope.length}>
        <TextList items={output.outOfScope} />
      </Section>
      <Questions questions={output.questions} />
      <Assumptions assumptions={output.assumptions} />
      <Notes text={output.notes} />
    </>
  );
}

function Story({ story }: { story: UserStory }) {
  const { article, role, want, benefit } = storyParts(story);
  return (
    <li className="card">
      <p className="card-tags">
        <UntrustedCode text={story.id} />
        <Priority priority={story.priority} />
        {story.requirements.length > 0 && (
          <span>
            Fulfilled by <Untrusted text={story.requirements.join(", ")} />
          </span>
        )}
      </p>
      <p dir="auto">
        As {article}{" "}
        <strong>
          <Sentence text={role} />
        </strong>
        , I want <Sentence text={want} />
        {benefit && (
          <>
            , so that <Sentence text={benefit} />
          </>
        )}
        .
      </p>
    </li>
  );
}
