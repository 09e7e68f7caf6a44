import type { Finding } from "@spec/client";
import type { EarsParts } from "../artifact/ears";
import { CATEGORY_NAMES, type Requirement } from "../artifact/requirements";
import { FindingsBeside } from "../parts/beside";
import { Priority, named } from "../parts/priority";
import { Prose, Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";
import { EarsText } from "./ears-text";

export function RequirementCard({
  requirement,
  ears,
  findings,
  pointer,
}: {
  requirement: Requirement;
  ears: EarsParts | undefined;
  findings: readonly Finding[];
  pointer: string;
}) {
  return (
    <li className="card">
      <div className="card-head">
        <UntrustedCode text={requirement.id} />
        <h4>
          <Sentence text={requirement.title} />
        </h4>
      </div>
      <p className="card-tags">
        <Priority priority={requirement.priority} />
        <Untrusted text={CATEGORY_NAMES[requirement.category] ?? requirement.category} max={60} />
        <Untrusted text={named(requirement.kind)} max={60} />
      </p>
      <EarsText text={requirement.text} parts={ears} />
      {requirement.criteria.length > 0 && (
        <div>
          <p className="card-label">Acceptance criteria</p>
          <ul className="text-list">
            {requirement.criteria.map(({ id, text }, index) => (
              <li key={index} dir="auto">
                <UntrustedCode text={id} /> <Sentence text={text} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {requirement.dependencies.length > 0 && (
        <p className="card-tags">
          Depends on <Untrusted text={requirement.dependencies.join(", ")} />
        </p>
      )}
      {requirement.notes && <Prose text={requirement.notes} />}
      <FindingsBeside findings={findings} pointer={pointer} />
    </li>
  );
}
