import type { Finding } from "@spec/client";
import type { Component } from "../artifact/design";
import { FindingsBeside } from "../parts/beside";
import { Section } from "../parts/section";
import { useMore } from "../parts/text-list";
import { Prose, Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";

export function ComponentList({
  components,
  findings,
}: {
  components: readonly Component[];
  findings: readonly Finding[];
}) {
  const { limit, more } = useMore(components.length);
  return (
    <Section title="Components" count={components.length}>
      <ul className="cards">
        {components.slice(0, limit).map((component, index) => (
          <li key={index} className="card">
            <div className="card-head">
              <h4>
                <Untrusted text={component.name} />
              </h4>
              <span className="card-tags">
                <Untrusted text={component.kind} max={80} />
                <span>{component.exists ? "exists" : "new"}</span>
              </span>
            </div>
            <p>
              <UntrustedCode text={component.path} />
            </p>
            <p dir="auto">
              <Sentence text={component.responsibility} />
            </p>
            {component.description && <Prose text={component.description} />}
            <InterfaceList interfaces={component.interfaces} />
            <p className="card-tags">
              {component.dependencies.length > 0 && (
                <span>
                  Uses <Untrusted text={component.dependencies.join(", ")} />
                </span>
              )}
              {component.requirements.length > 0 && (
                <span>
                  Serves <Untrusted text={component.requirements.join(", ")} />
                </span>
              )}
            </p>
            <FindingsBeside findings={findings} pointer={`/components/${index}`} />
          </li>
        ))}
      </ul>
      {more}
    </Section>
  );
}

function InterfaceList({ interfaces }: { interfaces: Component["interfaces"] }) {
  if (interfaces.length === 0) return null;
  return (
    <div>
      <p className="card-label">Interfaces</p>
      <ul className="text-list">
        {interfaces.map(({ method, inputs, outputs }, index) => (
          <li key={index}>
            <UntrustedCode text={method} />
            {inputs && (
              <>
                {" Takes: "}
                <Sentence text={inputs} />
              </>
            )}
            {outputs && (
              <>
                {" Gives: "}
                <Sentence text={outputs} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
