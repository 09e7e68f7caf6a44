import type { Finding } from "@spec/client";
import type { DataModel } from "../artifact/design";
import { FindingsBeside } from "../parts/beside";
import { Section } from "../parts/section";
import { Chips, Terms, TextList, useMore } from "../parts/text-list";
import { Sentence } from "../text/prose";
import { Untrusted, UntrustedCode } from "../text/untrusted";

export function DataModelList({
  models,
  findings,
}: {
  models: readonly DataModel[];
  findings: readonly Finding[];
}) {
  const { limit, more } = useMore(models.length);
  return (
    <Section title="Data models" count={models.length}>
      <ul className="cards">
        {models.slice(0, limit).map((model, index) => (
          <li key={index} className="card">
            <div className="card-head">
              <h4>
                <Untrusted text={model.name} />
              </h4>
              {model.table && (
                <span className="card-tags">
                  table <UntrustedCode text={model.table} />
                </span>
              )}
            </div>
            {model.description && (
              <p dir="auto">
                <Sentence text={model.description} />
              </p>
            )}
            {model.fields.length > 0 && <Terms items={model.fields} />}
            {model.indexes.length > 0 && (
              <div>
                <p className="card-label">Indexes</p>
                <Chips items={model.indexes} code />
              </div>
            )}
            {model.relationships.length > 0 && (
              <div>
                <p className="card-label">Relations</p>
                <TextList items={model.relationships} />
              </div>
            )}
            <FindingsBeside findings={findings} pointer={`/data_models/${index}`} />
          </li>
        ))}
      </ul>
      {more}
    </Section>
  );
}
